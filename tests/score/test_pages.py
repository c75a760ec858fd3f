"""The pages of scores: every number is the rounds behind it, and nobody reads another agency's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.clock import database_now
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast
from tests.conftest import SignIn
from tests.score.test_follow import HUMAN, MINUTE, one_round
from tickets.policies.queries import forget_rules
from tickets.score.actions.follow import follow
from tickets.score.models import Happening, Stirred

PAGE = "/admin/scores/"


@pytest.fixture
def scored(cast: Cast) -> Iterator[Cast]:
    """Store A has one round in time, one late and one excluded, of yesterday noon in Shanghai."""
    forget_rules()
    Stirred.objects.all().delete()
    Happening.objects.all().delete()
    noon = (database_now() - timedelta(days=1)).replace(hour=4, minute=0, second=0, microsecond=0)
    one_round(cast, cast.a, 1, "in-time", at=noon)
    one_round(cast, cast.a, 7, "late", at=noon)
    one_round(cast, cast.a, 7, "by-night", at=noon + timedelta(hours=15))
    follow(database_now())
    yield cast
    forget_rules()


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann, NORTH_HOST)


def test_fleet_and_store(scored: Cast, ann: Client) -> None:
    fleet = ann.get(PAGE)
    lines = [line for line in fleet.context["lines"] if line.of.policy == HUMAN and line.store.pk == scored.a.pk]
    assert [(line.rate, line.of.counted, line.of.missed) for line in lines] == [("50 %", 2, 1)]
    page = ann.get(f"{PAGE}{scored.a.pk}/?policy={HUMAN}")
    assert page.context["total"] == 3
    assert [(missed, worst) for _ticket, missed, worst in page.context["hurting"]] == [(1, "7 min")]
    assert [(str(why), count) for why, count in page.context["left_out"]] == [
        ("asked outside of the measured hours", 1)
    ]
    assert "<svg" in page.text
    late = ann.get(f"{PAGE}{scored.a.pk}/?policy={HUMAN}&verdict=missed")
    assert late.context["total"] == 1
    day = page.context["days"][0][0].day
    assert ann.get(f"{PAGE}{scored.a.pk}/?policy={HUMAN}&day={day}").context["total"] >= 1


def test_search_and_standing_narrow_the_fleet(scored: Cast, ann: Client) -> None:
    assert ann.get(PAGE + "?q=no-such-store").context["lines"] == []
    standings = {name: count for name, _label, count in ann.get(PAGE).context["standings"]}
    for name, count in standings.items():
        assert ann.get(f"{PAGE}?standing={name}").context["total"] == count


def test_evidence_is_every_round_in_the_markets_time(scored: Cast, ann: Client) -> None:
    file = ann.get(f"{PAGE}{scored.a.pk}/evidence/?policy={HUMAN}")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert rows[1][3].endswith("12:00:00+08:00")
    assert [row[7] for row in rows[1:]] == ["in time", "missed", "left out"]
    assert ann.get(f"{PAGE}{scored.a.pk}/evidence/?policy=no-such").status_code == 404


@pytest.mark.parametrize("path", ["{store}/", "{store}/evidence/?policy=" + HUMAN])
def test_others_have_no_way(scored: Cast, sign_in: SignIn, path: str) -> None:
    address = PAGE + path.format(store=scored.a.pk)
    assert sign_in(scored.bo, NORTH_HOST).get(address).status_code == 403
    assert sign_in(scored.cy, SOUTH_HOST).get(address).status_code in (403, 404)


def test_as_many_queries_for_more_stores(scored: Cast, ann: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            ann.get(PAGE)
        return len(asked)

    queries()
    few = queries()
    one_round(scored, scored.b, 1, "more", at=database_now() - timedelta(days=1) - MINUTE)
    follow(database_now())
    assert queries() <= few
