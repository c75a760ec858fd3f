"""Whether the static files have to be collected again: it takes seconds, and mostly nothing changed."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders


def stamp_path() -> Path:
    """Where the fingerprint of the collected files is kept."""
    root = Path(settings.STATIC_ROOT)
    return root.with_name(root.name + ".stamp")


def fingerprint() -> str:
    """Changes when a source file, the storage, what is left out, how files are joined, or the target does."""
    digest = hashlib.sha256(repr((settings.STORAGES["staticfiles"], str(settings.STATIC_ROOT))).encode())
    for part in ("static.py", "joined.py", "apps.py"):
        digest.update((Path(__file__).parents[1] / part).read_bytes())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def are_collected() -> bool:
    """Nothing to do?"""
    stamp = stamp_path()
    return Path(settings.STATIC_ROOT).is_dir() and stamp.exists() and stamp.read_text() == fingerprint()


def note_collected() -> None:
    """Remember what was collected."""
    stamp_path().write_text(fingerprint())
