"""make mutate-fence: switches one part of the fence off at a time, in a copy, and shows which test notices.

A check counts when it has been seen to fail on a build that is broken on purpose (SECURITY §8). Where two layers hold
the same thing, the tests named here look at the one that is switched off.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import embedded
from tests.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """What pytest said: the first test that failed, or none."""

    failed: str | None
    seconds: float
    output: str = ""
    why: str = ""


def copy_tree(there: Path) -> None:
    """What git knows or would take: neither .venv nor .data."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, there / name)


def run(there: Path, tests: tuple[str, ...], environment: dict[str, str]) -> Run:
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=short", *tests],
            cwd=there,
            env={**environment, "COLUMNS": "400"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    except subprocess.TimeoutExpired:
        return Run("it hung", time.monotonic() - began)
    seconds = time.monotonic() - began
    if done.returncode == 0:
        return Run(None, seconds)
    told = [re.search(rf"^({kind}) (\S+::.*?)(?: - (.*))?$", done.stdout, re.MULTILINE) for kind in ("FAILED", "ERROR")]
    failed = next(filter(None, told), None)
    if done.returncode == 1 and failed:
        kind, test, why = failed.groups()
        return Run(test, seconds, done.stdout, f"{'before it began: ' if kind == 'ERROR' else ''}{why}"[:150])
    raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


@contextmanager
def mutated(there: Path, mutant: Mutant) -> Iterator[None]:
    """With it applied, and as it was afterwards. Each text must be there once, or the list is out of date."""
    before: dict[Path, str] = {}
    for file, old, new in ((mutant.file, mutant.old, mutant.new), *mutant.also):
        path = there / file
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{mutant.name}: its text is {text.count(old)} times in {file}, not once")
        before.setdefault(path, text)
        path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


def main() -> int:
    began = time.monotonic()
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="deskfleet-mutants-") as folder:
        there = Path(folder)
        there.chmod(0o755)
        copy_tree(there)
        servers = embedded.share(there / ".data" / "test")
        try:
            survived = try_all(there, chosen, servers)
        finally:
            embedded.stop(there / ".data" / "test")
    say(f"{len(chosen)} mutations, {survived} survived, {time.monotonic() - began:.0f} s")
    return 1 if survived else 0


def try_all(there: Path, chosen: list[Mutant], servers: embedded.Servers) -> int:
    """How many survived. First all the tests must pass with nothing switched off, or their failing says nothing."""
    addresses = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    environment = {**os.environ, **addresses, "PYTHONDONTWRITEBYTECODE": "1", "FENCE_REQUESTS": "600"}
    whole = run(there, tuple(dict.fromkeys(test for mutant in chosen for test in mutant.tests)), environment)
    if whole.failed:
        raise SystemExit(f"{whole.output[-3000:]}\nnothing is switched off, and {whole.failed} fails already")
    say(f"{'nothing':64} {whole.seconds:5.1f} s  all of them pass")
    survived = 0
    for mutant in chosen:
        with mutated(there, mutant):
            done = run(there, mutant.tests, environment)
        survived += done.failed is None
        say(f"{mutant.name:64} {done.seconds:5.1f} s  {done.failed or 'SURVIVED'}")
        if done.failed:
            say(f"{'':72}  {done.why}")
    return survived


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
