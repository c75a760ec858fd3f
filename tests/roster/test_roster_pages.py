"""The roster's pages: a week is planned, refused by field with what was typed, undone; skills are said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tenants.models import Change, Membership
from tests.cast import Cast
from tests.conftest import SignIn
from tickets.roster.models import Capacity, RosterEdit, Shift, Skill
from tickets.roster.queries.skills import skills_of

WEEK = "/admin/roster/?week=2026-11-25&store=store-a"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def shift(cast: Cast, **more: str) -> dict[str, str]:
    return {
        "do": "save",
        "person": str(cast.bo.pk),
        "store": "store-a",
        "day": "2026-11-25",
        "begins": "9",
        "ends": "17:30",
        "weeks": "1",
        "time_zone": "Asia/Shanghai",
        "in": "store-a",
        **more,
    }


def test_a_shift_is_planned_shown_and_undone(cast: Cast, ann: Client) -> None:
    answer = ann.post("/admin/roster/shift/", shift(cast, also="2026-11-26"))
    assert answer["Location"] == "/admin/roster/?week=2026-11-23&store=store-a"
    page = ann.get(answer["Location"]).content.decode()
    assert page.count("09:00–17:30") == 2
    assert '<td class="number">17</td>' in page
    edit = RosterEdit.objects.get()
    ann.post(WEEK, {"do": "undo", "edit": edit.pk})
    assert not Shift.objects.exists()
    assert "undone" in ann.get(WEEK).content.decode()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"begins": "10:00", "ends": "9:00"}, "It ends 1 h before it begins."),
        ({"begins": "half past"}, "A time is written as 09:30."),
        ({"store": "store-b"}, "They were not given this store."),
        ({"store": "store-c"}, "There is no such store."),
        ({"weeks": "-1"}, "A number is needed here."),
        ({"time_zone": "Mars"}, "There is no time zone “Mars”."),
    ],
)
def test_what_is_refused_keeps_what_was_typed(cast: Cast, ann: Client, more: dict[str, str], told: str) -> None:
    sent = shift(cast, **more)
    answer = ann.post("/admin/roster/shift/", sent, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert told in page
    assert f'value="{sent["begins"]}"' in page
    assert not Shift.objects.exists()


def test_htmx_is_sent_back_to_the_week(cast: Cast, ann: Client) -> None:
    answer = ann.post("/admin/roster/shift/", shift(cast), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/admin/roster/?week=2026-11-23&store=store-a"
    pk = Shift.objects.get().pk
    form = ann.get(f"/admin/roster/shift/?shift={pk}", headers={"HX-Request": "true"}).content.decode()
    assert 'value="09:00"' in form
    assert "Store B" not in form, "Bo was not given it"
    ann.post("/admin/roster/shift/", shift(cast, shift=str(pk), begins="10:00"))
    assert Shift.objects.get().begins_at.hour == 2
    ann.post("/admin/roster/shift/", shift(cast, shift=str(Shift.objects.get().pk), do="remove"))
    assert not Shift.objects.exists()


def test_a_week_is_copied(cast: Cast, ann: Client) -> None:
    ann.post("/admin/roster/shift/", shift(cast))
    assert "1 shift was added." in ann.post(WEEK, {"do": "copy", "weeks": "1"}, follow=True).content.decode()
    again = ann.post(WEEK, {"do": "copy", "weeks": "1"}, follow=True).content.decode()
    assert "Bo would be in two places" in again
    assert Shift.objects.count() == 2


def test_ones_own_shifts(cast: Cast, ann: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 23, 2, tzinfo=UTC)
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: now)
    ann.post("/admin/roster/shift/", shift(cast))
    ann.post("/admin/roster/shift/", shift(cast, person=str(cast.ann.pk), begins="7:00", ends="8:00"))
    page = sign_in(cast.bo).get("/admin/roster/mine/").content.decode()
    assert "09:00" in page
    assert "07:00" not in page


def test_a_store_that_is_not_ones_own_is_not_there(ann: Client) -> None:
    assert ann.get("/admin/roster/?store=store-c").status_code == 404


def test_skills_are_said_and_kept_in_the_history(cast: Cast, ann: Client) -> None:
    member = Membership.objects.get(user=cast.bo).pk
    sent: dict[str, Any] = {"language": ["zh", "en"], "category": "refund", "marketplace": "tmall", "most.widget": "3"}
    assert ann.post(f"/admin/skills/{member}/", sent).status_code == 302
    said = skills_of([cast.bo.pk])[cast.bo.pk]
    assert (said.languages, said.categories, said.marketplaces) == ({"zh", "en"}, {"refund"}, {"tmall"})
    assert said.capacity == {"widget": 3}
    assert Change.objects.get().after["skills: language"] == ["en", "zh"]
    assert "Chat widget 3" in ann.get("/admin/skills/").content.decode()
    ann.post(f"/admin/skills/{member}/", {"language": "en"})
    assert [row.value for row in Skill.objects.all()] == ["en"]
    assert not Capacity.objects.exists()


@pytest.mark.parametrize(
    ("sent", "told"),
    [({"most.widget": "900"}, "Between 0 and 200."), ({"most.email": "-1"}, "A number"), ({"language": "xx"}, "used")],
)
def test_skills_that_are_none(cast: Cast, ann: Client, sent: dict[str, str], told: str) -> None:
    member = Membership.objects.get(user=cast.bo).pk
    answer = ann.post(f"/admin/skills/{member}/", sent)
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not Skill.objects.exists()
