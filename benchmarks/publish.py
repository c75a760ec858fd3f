"""What does it take to publish to 200 stores? Whole requests of the admin, signed in, with every middleware.

Durable PostgreSQL, an agency with that many stores. Each round a new article: what would change, the publishing itself,
its result, the drift of all items, and undoing it. Through Django's handler, without the network.

python -m benchmarks.publish [--stores 200] [--rounds 20]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

from benchmarks.deployment import DATA
from config import embedded
from tests.deployment import ROOT, deployed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        with deployed(embedded.start(DATA), DATA) as deployment:
            failed = subprocess.run(
                [sys.executable, "-m", "benchmarks.of_search.publishing", str(asked.stores), str(asked.rounds)],
                cwd=ROOT,
                env=deployment.environment,
                check=False,
            ).returncode
    finally:
        embedded.stop(DATA)
        shutil.rmtree(DATA, ignore_errors=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
