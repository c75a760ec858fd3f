"""What do the clocks cost? Each part that there is, over durable PostgreSQL, and one line of JSON for all of them.

  tick   1,000,000 open timers, 1,000 of them due, in 10 and in 1,000 stores: one tick of the clock
  score  1,000 stores × 30 days of rounds, from scratch and per event
  order  a page of the desk over 1,000 stores and 10,000 open tickets, by time alone and by headroom
  route  10,000 waiting tickets to 200 agents

python -m benchmarks.clocks [--only tick] [--open 1000000] [--stores 1000] [--rounds 10]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from typing import Any

from benchmarks.deployment import DATA, fresh
from tests.deployment import ROOT, deployed

PARTS = ("tick", "score", "order", "route")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--open", type=int, default=1_000_000, help="timers that run")
    parser.add_argument("--stores", type=int, default=1000, help="whose scores are reckoned")
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    arguments: dict[str, tuple[int, ...]] = {"tick": (asked.open, asked.rounds), "score": (asked.stores, asked.rounds)}
    arguments |= {"order": (asked.stores, 10_000, 3 * asked.rounds), "route": (asked.rounds,)}
    result: dict[str, Any] = {"figures": {}, "beside": {}}
    for part in [asked.only] if asked.only else PARTS:
        if importlib.util.find_spec(f"benchmarks.of_clocks.{part}") is None:
            continue  # not built yet
        measured = run(part, *arguments.get(part, ()))
        result["figures"].update(measured.get("figures", {}))
        result["beside"][part] = measured.get("beside", {})
    print(json.dumps(result), flush=True)


def run(part: str, *arguments: object) -> dict[str, Any]:
    """What the part prints last, in a process and over servers of its own."""
    with fresh() as servers, deployed(servers, DATA) as deployment:
        command = [sys.executable, "-m", f"benchmarks.of_clocks.{part}", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env=deployment.environment, stdout=subprocess.PIPE, text=True, check=True
        )
        last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return last


if __name__ == "__main__":
    main()
