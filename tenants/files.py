"""The names of files that others gave them. Pure."""

from __future__ import annotations

import re

_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:\"<>|*?\u202a-\u202e\u2066-\u2069]+")


def clean_name(name: str) -> str:
    """A name to show and to save under: no path, no control or direction marks, at most 120 characters."""
    return _UNSAFE_IN_NAMES.sub("_", name.strip()).strip(". ")[-120:] or "file"
