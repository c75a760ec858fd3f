"""What does a report over a thousand stores cost? The front page and the report, beside a loop over the schemas.

Durable PostgreSQL, one agency in two time zones and six marketplaces. `--real` of the stores have schemas with `--days`
of tickets and events in them, counted by the product's own roll-up; the others have figures like theirs and no schema,
which reports never enter. Measured is a whole request, signed in, through Django's handler with every middleware, in a
process that serves nothing else; without the network. In turns within one run:
  pages   front page, report over the period by store, channel, category and day, tickets behind its number, one store
  growth  the same pages at 10 stores
  loop    the figures of the report's default page read from the events by entering each real store, scaled per store
  feed    from a verb's commit to the figure, through the clock's own tick

python -m benchmarks.reports [--stores 1000] [--days 90] [--real 20] [--rounds 60]
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
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--real", type=int, default=20, help="stores with a schema, tickets and events")
    parser.add_argument("--rounds", type=int, default=60, help="requests of each page")
    asked = parser.parse_args()
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        with deployed(embedded.start(DATA), DATA) as deployment:
            numbers = map(str, (asked.stores, asked.days, asked.real, asked.rounds))
            failed = subprocess.run(
                [sys.executable, "-m", "benchmarks.of_reports.run", *numbers],
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
