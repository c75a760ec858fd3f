"""Cache keys, signed links and log lines carry the store or the agency that they were made for."""

from __future__ import annotations

import logging
from io import StringIO

import pytest
from django.core.cache import cache

from tenants.context import at, connection, in_store
from tenants.marks import PlaceFilter, PlaceTokens, Unmarked, agency_mark, place_mark
from tenants.postgresql.base import DOOR
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast

A_HOST, B_HOST = "store-a.localhost", "store-b.localhost"


def test_each_place_has_a_mark_of_its_own(cast: Cast) -> None:
    assert place_mark() == "operator"
    with at(cast.caller(cast.ann).place):
        assert (agency_mark(), place_mark()) == (f"agency.{cast.north.pk}",) * 2
    with at(cast.caller(cast.ann, A_HOST).place):
        assert (agency_mark(), place_mark()) == (f"agency.{cast.north.pk}", f"store.{cast.a.pk}")
        with in_store(cast.a):
            assert (agency_mark(), place_mark()) == (f"store.{cast.a.pk}",) * 2


def test_same_key_is_another_value_elsewhere(cast: Cast) -> None:
    places = [cast.caller(cast.ann).place, cast.caller(cast.cy, SOUTH_HOST).place]
    for place in places:
        with at(place):
            cache.set("k", place.host)
    for place in places:
        with at(place):
            assert cache.get("k") == place.host
    assert cache.get("k") is None


def test_outside_of_every_place_nothing_is_cached(cast: Cast) -> None:
    connection.enter(DOOR)
    with pytest.raises(Unmarked):
        cache.get("k")


@pytest.mark.parametrize("other", [SOUTH_HOST, A_HOST, B_HOST])
def test_link_that_resets_a_password_is_good_where_it_was_asked_for(cast: Cast, other: str) -> None:
    tokens = PlaceTokens()
    with at(cast.caller(cast.ann, NORTH_HOST).place):
        token = tokens.make_token(cast.ann)
        assert tokens.check_token(cast.ann, token)
    with at(cast.caller(cast.ann, other).place):
        assert not tokens.check_token(cast.ann, token)


def test_log_lines_say_where(cast: Cast) -> None:
    out, log = StringIO(), logging.getLogger("tests.marks")
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("[%(place)s] %(message)s"))
    handler.addFilter(PlaceFilter())
    log.addHandler(handler)
    try:
        with in_store(cast.a):
            log.error("inside")
        connection.enter(DOOR)
        log.error("outside")
    finally:
        log.removeHandler(handler)
    assert out.getvalue() == f"[store.{cast.a.pk}] inside\n[-] outside\n"
