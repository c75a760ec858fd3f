"""Teams in the admin: a lead makes, changes and removes one; history is kept; two who edit are told of each other."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.actions.set_team import make_team
from tenants.models import Change, Team, TeamMember
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.conftest import SignIn

LIST = "/admin/tenants/team/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def a_team(cast: Cast, name: str = "Night shift") -> Team:
    return make_team(cast.north.pk, name=name, members=[cast.bo.pk], by=cast.ann, now=NOON)


def test_lead_makes_a_team(cast: Cast, ann: Client) -> None:
    answer = ann.post(LIST + "add/", {"name": " Night  shift ", "members": [cast.bo.pk]})
    assert answer.status_code == 302
    team = Team.objects.get()
    assert (team.name, team.agency_id) == ("Night shift", cast.north.pk)
    assert [member.user_id for member in team.members.all()] == [cast.bo.pk]
    made = Change.objects.get()
    assert (made.kind, made.actor_id, made.what, made.object_id) == ("created", cast.ann.pk, "tenants.team", team.pk)
    assert made.after == {"name": "Night shift", "members": ["Bo"]}


def test_refusal_keeps_what_was_typed(cast: Cast, ann: Client) -> None:
    a_team(cast)
    page = ann.post(LIST + "add/", {"name": "night SHIFT", "members": [cast.bo.pk]})
    assert page.status_code == 200
    text = page.content.decode()
    assert "There is a team of this name already." in text
    assert 'value="night SHIFT"' in text
    assert Team.objects.count() == 1


def test_somebody_of_another_agency_cannot_be_put_in(cast: Cast, ann: Client) -> None:
    page = ann.post(LIST + "add/", {"name": "Team", "members": [cast.cy.pk]})
    assert page.status_code == 200
    assert not Team.objects.exists()


def test_history_tells_before_and_after(cast: Cast, ann: Client) -> None:
    team = a_team(cast)
    latest = Change.objects.latest("pk").pk
    ann.post(f"{LIST}{team.pk}/change/", {"name": "Day shift", "members": [], "_seen": latest})
    change = Change.objects.latest("pk")
    assert change.before == {"name": "Night shift", "members": ["Bo"]}
    assert change.after == {"name": "Day shift", "members": []}
    page = ann.get(f"{LIST}{team.pk}/history/").content.decode()
    assert "<del>Night shift</del>" in page
    assert "<ins>Day shift</ins>" in page


def test_two_who_edit_are_told_of_each_other(cast: Cast, ann: Client) -> None:
    team = a_team(cast)
    seen = Change.objects.latest("pk").pk
    url = f"{LIST}{team.pk}/change/"
    ann.post(url, {"name": "Day shift", "members": [cast.bo.pk], "_seen": seen})
    page = ann.post(url, {"name": "Late shift", "members": [cast.bo.pk], "_seen": seen})
    assert page.status_code == 200
    text = page.content.decode()
    assert "Ann saved this while you were writing (name)" in text
    assert 'value="Late shift"' in text
    team.refresh_from_db()
    assert team.name == "Day shift"
    newest = Change.objects.latest("pk").pk
    assert f'name="_seen" value="{newest}"' in text
    ann.post(url, {"name": "Late shift", "members": [cast.bo.pk], "_seen": newest})
    team.refresh_from_db()
    assert team.name == "Late shift"


def test_removed_team_leaves_its_history(cast: Cast, ann: Client) -> None:
    team = a_team(cast)
    assert ann.get(f"{LIST}{team.pk}/delete/").status_code == 200
    assert ann.post(f"{LIST}{team.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Team.objects.exists()
    assert not TeamMember.objects.exists()
    assert Change.objects.latest("pk").kind == "deleted"


def test_agent_may_not_and_another_agency_sees_nothing(cast: Cast, sign_in: SignIn) -> None:
    team = a_team(cast)
    bo, cy = sign_in(cast.bo), sign_in(cast.cy, SOUTH_HOST)
    for client, expected in ((bo, 403), (cy, 404)):
        for page in ("change/", "history/", "delete/"):
            assert client.get(f"{LIST}{team.pk}/{page}").status_code == expected, page
        assert client.post(f"{LIST}{team.pk}/change/", {"name": "Mine"}).status_code == expected
        assert client.post(f"{LIST}{team.pk}/delete/", {"post": "yes"}).status_code == expected
    assert bo.get(LIST).status_code == 403
    assert "Night shift" not in cy.get(LIST).content.decode()
    team.refresh_from_db()
    assert team.name == "Night shift"
