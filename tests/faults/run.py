"""The long form: a seeded nemesis for as long as asked. Exit code 1 if anything was lost, twice, or out of order.

python -m tests.faults.run [--minutes 10] [--seed 7] [--conversations 20]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.history import Outcome, run
from tests.faults.machine import Machine, machine

OPERATIONS = ("web", "one-web", "worker", "valkey", "postgres", "drain", "slow-reader")
AT_ONCE = 7  # operations between two checks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--conversations", type=int, default=20, help="in each bout")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, machine(Path(folder) / "data") as there:
        made = there.prepare(stores=1, desks=4)
        end, chance, found = time.monotonic() + 60 * asked.minutes, random.Random(asked.seed), 0
        while time.monotonic() < end:
            outcome = bout(there, made, seed=chance.randrange(10**6), conversations=asked.conversations)
            say(f"{outcome}\n")
            found += len(outcome.anomalies)
    say(f"seed {asked.seed}: {found} anomalies")
    sys.exit(bool(found))


def bout(there: Machine, made: dict[str, Any], *, seed: int, conversations: int) -> Outcome:
    """Every operation once in an order of the seed's; a minute or two."""
    operations = random.Random(seed).sample(OPERATIONS, AT_ONCE)
    return asyncio.run(run(there, made, operations, seed=seed, conversations=conversations, pause=8))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
