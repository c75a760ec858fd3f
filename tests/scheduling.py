"""Which tests go to one process of pytest-xdist together, and in which order they are handed out."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Tests of one real deployment, which start it, kill parts of it and share it: one process runs all of a folder. How
# pages look is half of the browser's time, and another process's.
WHOLE = ("browser", "faults", "platform")
LOOKS = "test_looks.py"


def scope_of(nodeid: str) -> str:
    """What the test goes together with: a group, or nothing but itself."""
    path, _colons, _name = nodeid.partition("::")
    *folders, file = path.split("/")
    if file == LOOKS:
        return LOOKS
    return next((folder for folder in WHOLE if folder in folders), nodeid)


def begins_at(nodeid: str) -> int:
    """The longest groups first: what is left in the end are tests of a second, and no process waits long for others."""
    return 0 if scope_of(nodeid) in ("browser", LOOKS) else 1


class ByDeployment(LoadScopeScheduling):
    """By path. (What `--dist loadgroup` does to a test's name is not seen by pytest 9.2: it would scatter them all.)"""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
