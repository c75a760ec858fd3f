"""What do a thousand schemas cost? Opening a store, migrating all, and working inside, beside django-tenants' own way.

Durable PostgreSQL, one agency, stores opened through the product's own verb. In turns within one run:
  provision  open_store, whole; beside CREATE SCHEMA and migrate_schemas into it (and clone_schema, for information)
  noop       migrate_fleet with all at head; beside both executors of migrate_schemas over a subset, scaled per store
  alter      one AddField and one index in every store (tables without rows); beside the same executors
  verify     reading and comparing every schema's facts
  growth     no-op, alter and opening at the first 100 stores, and at the last
  catalogue, a backend's memory by the stores it has read, the first query in a store that a connection does not know
  fence      a query inside a store beside Django's plain backend with the path set once; an entry; row security

python -m benchmarks.fleet [--stores 200] [--subset 20] [--rounds 3] [--patience 3600]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.deployment import DATA
from benchmarks.of_fleet.alterations import write_packages
from config import embedded
from tests.deployment import ROOT, Deployment, deployed

SETTINGS = "benchmarks.of_fleet.settings"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--subset", type=int, default=20, help="django-tenants' schemas for each of its executors")
    parser.add_argument("--rounds", type=int, default=3, help="of no-op and of alter")
    parser.add_argument("--patience", type=float, default=3600.0, help="seconds, then everything is ended")
    asked = parser.parse_args()
    embedded.stop(DATA)
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory() as folder, deployed(embedded.start(DATA), DATA, SETTINGS) as deployment:
            write_packages(Path(folder), 1 + asked.rounds)
            numbers = map(str, (asked.stores, asked.subset, asked.rounds))
            failed = measure(deployment, folder, *numbers, patience=asked.patience)
    finally:
        embedded.stop(DATA)
        shutil.rmtree(DATA, ignore_errors=True)
    sys.exit(failed)


def measure(deployment: Deployment, folder: str, *numbers: str, patience: float) -> int:
    """Runs `of_fleet.run` in a process group of its own, so that whatever it started ends with it. Its exit code."""
    environment = deployment.environment | {"PYTHONPATH": os.pathsep.join((folder, str(ROOT)))}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.of_fleet.run", *numbers], cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        return process.wait(patience)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    main()
