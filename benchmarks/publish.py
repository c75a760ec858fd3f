"""What does it take to publish to 200 stores? Whole requests of the admin, signed in, with every middleware.

Durable PostgreSQL, an agency with that many stores. Each round a new article: what would change, the publishing itself,
its result, the drift of all items, and undoing it. Through Django's handler, without the network.

python -m benchmarks.publish [--stores 200] [--rounds 20]
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.deployment import run_beside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    sys.exit(run_beside("benchmarks.of_search.publishing", asked.stores, asked.rounds))


if __name__ == "__main__":
    main()
