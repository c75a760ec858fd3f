"""How many statements the admin's pages cost, kept in tests/query_counts.json; and that more rows cost no more."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tenants.actions.invite_person import invite_person
from tenants.actions.set_team import make_team
from tenants.models import Membership
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.test_query_counts import COUNTS, OPERATIONS, check, counted
from tests.test_query_counts import PAGES as HOUSE_PAGES

PEOPLE = "/admin/tenants/membership/"
PAGES = {
    "admin: people": PEOPLE,
    "admin: people, searched": PEOPLE + "?q=bo",
    "admin: asking somebody in": PEOPLE + "add/",
    "admin: people as CSV": PEOPLE + "export/csv/",
    "admin: stores": "/admin/tenants/store/",
    "admin: who has which store": "/admin/tenants/assignment/",
    "admin: teams": "/admin/tenants/team/",
    "admin: policies": "/admin/policies/",
    "admin: a policy": "/admin/policies/rule/policy/tmall_human_3min/",
    "admin: triage": "/admin/triage/",
    "admin: certification": "/admin/certification/",
    "admin: my exams": "/admin/exams/",
    "admin: live events": "/admin/events/",
    "admin: a new live event": "/admin/events/new/",
    "admin: giving tickets": "/admin/routing/",
    "admin: giving tickets, dry run": "/admin/routing/dry-run/",
    "admin: choosing": "/admin/choose/people/?q=b",
}


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def again(client: Client, path: str) -> int:
    """What the page costs without what only a first request does."""
    client.get(path)
    return counted(lambda: client.get(path))


@pytest.mark.parametrize("name", list(PAGES))
def test_page_costs_what_is_written(cast: Cast, ann: Client, name: str) -> None:
    check(name, again(ann, PAGES[name]))


@pytest.mark.parametrize("name", list(PAGES))
def test_more_rows_cost_no_more(cast: Cast, ann: Client, name: str) -> None:
    few = again(ann, PAGES[name])
    for index in range(12):
        email = f"bo-{index}@example.com"
        made = invite_person(
            cast.north.pk, email=email, role="agent", stores=[cast.a.pk, cast.b.pk], by=cast.ann, now=NOON
        )
        members = [made.member.user_id, cast.bo.pk]
        make_team(cast.north.pk, name=f"Team {index}", members=members, by=cast.ann, now=NOON)
    assert counted(lambda: ann.get(PAGES[name])) == few


def test_a_person_costs_what_is_written(cast: Cast, ann: Client) -> None:
    pk = Membership.objects.get(user=cast.bo).pk
    check("admin: a person", again(ann, f"{PEOPLE}{pk}/change/"))
    check("admin: a person's history", again(ann, f"{PEOPLE}{pk}/history/"))
    sent = {"role": "agent", "_seen": "999999999"}
    check("admin: a person, saved", counted(lambda: ann.post(f"{PEOPLE}{pk}/change/", sent)))


def test_every_figure_is_still_counted() -> None:
    written = set(json.loads(COUNTS.read_text(encoding="utf-8")))
    assert written == {
        *PAGES,
        *HOUSE_PAGES,
        *OPERATIONS,
        "admin: a person",
        "admin: a person, saved",
        "admin: a person's history",
    }
