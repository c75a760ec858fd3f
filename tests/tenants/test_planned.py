"""Statements with the values' names as PostgreSQL has them."""

from __future__ import annotations

import pytest

from tenants.context import as_operator, ask
from tenants.postgresql.planned import numbered


def test_a_name_is_one_value_wherever_it_stands() -> None:
    assert numbered("SELECT %(a)s, %(b)s, %(a)s::text") == ("SELECT $1, $2, $1::text", ("a", "b"))


def test_positions_are_counted_and_doubled_percents_are_one() -> None:
    assert numbered("SELECT %s WHERE x LIKE 'a%%' AND y = %s") == ("SELECT $1 WHERE x LIKE 'a%' AND y = $2", ())


@pytest.mark.parametrize("statement", ["SELECT 5 % 2", "SELECT %(a)", "SELECT %d", "SELECT %(a)s, %s"])
def test_what_means_nothing_is_refused_before_it_is_sent(statement: str) -> None:
    with pytest.raises(ValueError, match=r"percent|position"):
        numbered(statement)


@pytest.mark.django_db
def test_values_reach_their_places() -> None:
    with as_operator():
        named = {"a": "x", "b": 7, "unused": None}
        assert ask("SELECT %(b)s::int, %(a)s::text, %(b)s::int, 'a%%'", named) == [(7, "x", 7, "a%")]
        assert ask("SELECT %s::int, %s::text", [7, "x"]) == [(7, "x")]
        assert ask("SELECT 1 WHERE false") == []
        assert ask("SET LOCAL work_mem = '8MB'") == []
