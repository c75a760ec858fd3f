"""Statements of ours that run all day: put into PostgreSQL's own way of naming values once, and not at every call.

psycopg does so for each call where a statement is longer than 4,096 characters, as those are that write a message with
all that belongs to it: a tenth of what a word in a chat costs a web process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from psycopg import RawCursor

_VALUE: Final = re.compile(r"%(?:\((\w+)\)s|(s)|(%)|)")


@lru_cache(maxsize=1024)
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with $1, $2, … for its values, and whose name each has; no names where it counts them itself.

    Raises ValueError for a percent sign that is neither a value nor doubled, and where both kinds are mixed.
    """
    names: dict[str, int] = {}
    positions = 0

    def number(found: re.Match[str]) -> str:
        nonlocal positions
        name, is_position, is_percent = found.groups()
        if is_percent:
            return "%"
        if name:
            return f"${names.setdefault(name, len(names) + 1)}"
        if not is_position:
            raise ValueError(f"a single percent sign at {found.start()} of: {statement[:80]}")
        positions += 1
        return f"${positions}"

    made = _VALUE.sub(number, statement)
    if names and positions:
        raise ValueError(f"values by name and by position in: {statement[:80]}")
    return made, tuple(names)


class PlannedCursor(RawCursor[Any]):
    """Takes statements as Django's cursors do, `%s` or `%(name)s`; they are constants, or the cache is none.

    They are planned once where the connection lasts; where it does not, psycopg has been told to plan nothing.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params is None:
            return super().execute(query, **options)
        statement, names = numbered(query)
        return super().execute(statement, _values(names, params), prepare=True, **options)


def _values(names: tuple[str, ...], params: Mapping[str, Any] | Sequence[Any]) -> Sequence[Any]:
    return [params[name] for name in names] if isinstance(params, Mapping) else params
