"""How quickly and how well is the library searched? 50,000 articles in Chinese and English, durable PostgreSQL.

A labelled set of some 270 questions, made by rule: exact words, sentences, paraphrases, typing errors (homophones in
Chinese, slips in English), codes, parts of words, both languages mixed. In turns within one run, on the same texts:
  library  search_library as the admin calls it: gate, row security, marked snippets, all of it, after `at(place)`
  ilike    every word by ILIKE in title or text, without row security
  simple   PostgreSQL's `simple` configuration with its own GIN index, websearch_to_tsquery, without row security
recall@10: of the relevant articles (ten at most) how many are among the first ten. Also: a store with 2,000 of them.

python -m benchmarks.search [--articles 50000] [--rounds 2]
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.deployment import run_beside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    sys.exit(run_beside("benchmarks.of_search.run", asked.articles, asked.rounds))


if __name__ == "__main__":
    main()
