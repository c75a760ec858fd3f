"""Coverage: the feed's demand by the store's own hours, and the page with its holes in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cast import Cast
from tests.conftest import SignIn
from tickets.roster.queries.coverage import demand_of
from tickets.score.models import Happening

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)  # a Wednesday
MONDAY_9 = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai, the week before


def wrote(store: int, at: datetime, count: int, kind: str = "buyer") -> None:
    Happening.objects.bulk_create(
        Happening(store_id=store, ticket_number=1, channel="tmall", kind=kind, at=at, recorded_at=at, is_bare=False)
        for _number in range(count)
    )


def test_demand_is_of_whole_weeks_on_the_stores_clock(cast: Cast) -> None:
    Happening.objects.all().delete()
    wrote(cast.a.pk, MONDAY_9, 100)
    wrote(cast.a.pk, MONDAY_9 - timedelta(weeks=1), 20)
    wrote(cast.a.pk, MONDAY_9 + timedelta(weeks=1), 50)  # the week that runs
    wrote(cast.a.pk, MONDAY_9 - timedelta(weeks=4), 50)  # too long ago
    wrote(cast.a.pk, MONDAY_9, 50, kind="human")
    wrote(cast.b.pk, MONDAY_9, 50)
    assert demand_of(cast.a.pk, zone=ZoneInfo("Asia/Shanghai"), now=NOW) == {(0, 9): 30.0}


def test_the_page_says_where_the_holes_are(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: NOW)
    Happening.objects.all().delete()
    wrote(cast.a.pk, MONDAY_9, 120)
    ann = sign_in(cast.ann)
    page = ann.get("/admin/coverage/?store=store-a").content.decode()
    assert page.count('<td class="cover-hole">') == 1
    assert "nobody is there; up to 30.0 messages an hour, 2 needed" in page
    sent = {"do": "save", "person": cast.bo.pk, "store": "store-a", "day": "2026-11-23", "weeks": "1"}
    ann.post("/admin/roster/shift/", {**sent, "begins": "9", "ends": "17", "time_zone": "Asia/Shanghai"})
    page = ann.get("/admin/coverage/?store=store-a").content.decode()
    assert "1 there; up to 30.0 messages an hour, 2 needed" in page
    page = ann.get("/admin/coverage/?store=store-a&pace=30").content.decode()
    assert "None: whenever buyers are expected" in page
