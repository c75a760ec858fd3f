"""A cell as text, in and out: what a spreadsheet would run is taken away as text, and comes back as it was."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

# How a cell begins that a spreadsheet takes for a formula (CSV injection).
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
GUARD: Final = "'"


def escaped(value: object) -> Any:
    """For a file that somebody opens in a spreadsheet: a text that it might run gets an apostrophe before it.

    Numbers and dates stay what they are.
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(DANGEROUS):
        return GUARD + value
    return value


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    if text.startswith(GUARD) and text[1:].lstrip(" ").startswith(DANGEROUS):
        return text[1:]
    return text


def as_text(value: object) -> str:
    """A spreadsheet's value as people would type it: 3 and not 3.0, dates as 2026-11-20."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
