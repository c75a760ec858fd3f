"""Which texts can be kept. Pure: no database."""

from __future__ import annotations


def is_keepable(text: str) -> bool:
    """Whether PostgreSQL takes it: no NUL, and no half of a surrogate pair, which JSON can spell and UTF-8 can't."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def keepable(text: str) -> str:
    """The text without what can't be kept."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
