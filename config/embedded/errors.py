"""The one error of this package, and how an error of the system becomes one clear line."""

import errno
import re
from pathlib import Path

# "2026-01-31 09:00:00.000 UTC [123] FATAL:  " and Valkey's "123:M 31 Jan 2026 09:00:00.000 # ".
PREFIX = re.compile(r"^\d{4}-\S+ \S+ \S+ \[\d+\] |^\d+:\w \d+ \w+ \d{4} \S+ [#*.-] ")
TELLING = re.compile(r"error|fatal|panic|invalid|unrecognized|failed|could not|can't|cannot", re.IGNORECASE)


class EmbeddedError(Exception):
    """One line for a person: what is wrong and what to do. Never shown with a traceback."""


def from_system(error: OSError, where: Path) -> EmbeddedError:
    """The line for an OSError met while working in `where`."""
    path = error.filename or where
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedError(f"No permission to write {path}: run as its owner, or give the folder to you with chown.")
    return EmbeddedError(f"{path}: {error.strerror or error}.")


def from_log(server: str, text: str, log: Path, where: Path) -> EmbeddedError:
    """The line for a server that did not start and left `text` in its `log`."""
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return disk_full(where)
    lines = [PREFIX.sub("", line).strip() for line in text.splitlines()]
    telling = [line for line in lines if TELLING.search(line) and "could not start server" not in line]
    return EmbeddedError(f"{server} did not start: {'; '.join(telling[-2:]) or 'it said nothing'} (its log: {log})")


def disk_full(where: Path) -> EmbeddedError:
    """The line for a full disk."""
    return EmbeddedError(f"The disk that holds {where} is full: free some space and start again.")
