"""People in the admin: asked in, given stores, changed and removed; owners stay owners' business."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tenants.actions.change_member import change_member, remove_member
from tenants.actions.give_stores import give_stores
from tenants.actions.invite_person import invite_person
from tenants.actions.staff import LastOwner, NotYourself, OnlyOwners
from tenants.errors import Conflict, DomainError, Invalid
from tenants.models import Assignment, Change, Membership, User
from tests.cast import NOON, NORTH_HOST, Cast
from tests.conftest import SignIn

LIST = "/admin/tenants/membership/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def member(person: User) -> Membership:
    return Membership.objects.get(user=person)


def owner(cast: Cast) -> User:
    """Somebody who owns North."""
    person = User.objects.create_user("eve@example.com", "x", name="Eve")
    Membership.objects.create(user=person, agency=cast.north, role="owner")
    return person


# ---------------------------------------------------------------- asking in


def test_lead_asks_an_agent_in(cast: Cast, ann: Client) -> None:
    answer = ann.post(
        LIST + "add/",
        {"email": "New@Example.com", "name": "Fay", "role": "agent", "stores": [cast.a.pk], "alias": "Lulu"},
    )
    assert answer.status_code == 302, answer.content.decode()
    fay = User.objects.get(email="new@example.com")
    assert not fay.has_usable_password()
    assert not fay.is_superuser
    assert not fay.is_staff
    given = Assignment.objects.get(user=fay)
    assert (given.store_id, given.role, given.alias) == (cast.a.pk, "agent", "Lulu")
    link = re.search(r"http://north\.localhost:\d+(/accounts/\S+)", mail.outbox[0].body)
    assert mail.outbox[0].to == ["new@example.com"]
    assert link is not None
    page = Client(headers={"host": NORTH_HOST}).get(link[1], follow=True)
    assert page.status_code == 200
    assert 'type="password"' in page.content.decode()


def test_who_has_an_account_keeps_it(cast: Cast, ann: Client) -> None:
    ann.post(LIST + "add/", {"email": "cy@example.com", "name": "Other", "role": "agent"})
    cy = User.objects.get(email="cy@example.com")
    assert cy.name == "Cy"
    assert cy.has_usable_password()
    assert Membership.objects.filter(user=cy).count() == 2
    assert "/accounts/password/" not in mail.outbox[0].body


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"email": "nonsense"}, "valid email"),
        ({"email": "bo@example.com"}, "works here already"),
        ({"role": "lead"}, "Select a valid choice"),
        ({"role": "seller"}, "Select a valid choice"),
        ({"stores": ["999999"]}, "Select a valid choice"),
        ({"name": "x" * 81}, "at most 80"),
    ],
)
def test_bad_invitation_is_told_and_kept(cast: Cast, ann: Client, typed: dict[str, Any], told: str) -> None:
    before = (User.objects.count(), Membership.objects.count(), Change.objects.count())
    page = ann.post(LIST + "add/", {"email": "fay@example.com", "name": "Fay", "role": "agent", **typed})
    assert page.status_code == 200
    assert told in page.content.decode()
    assert (User.objects.count(), Membership.objects.count(), Change.objects.count()) == before
    assert mail.outbox == []


def test_another_agencys_store_is_not_given(cast: Cast, ann: Client) -> None:
    page = ann.post(LIST + "add/", {"email": "fay@example.com", "role": "agent", "stores": [cast.c.pk]})
    assert page.status_code == 200
    assert not User.objects.filter(email="fay@example.com").exists()


def test_a_mail_server_that_is_away_loses_nobody(cast: Cast, ann: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = ann.post(LIST + "add/", {"email": "fay@example.com", "role": "agent"}, follow=True)
    assert User.objects.filter(email="fay@example.com").exists()
    assert "could not be sent by e-mail" in page.content.decode()


# ---------------------------------------------------------------- roles


def test_only_an_owner_makes_leads_and_owners(cast: Cast) -> None:
    eve = owner(cast)
    with pytest.raises(OnlyOwners):
        invite_person(cast.north.pk, email="x@example.com", role="lead", by=cast.ann, now=NOON)
    with pytest.raises(OnlyOwners):
        change_member(member(cast.bo), role="lead", by=cast.ann, now=NOON)
    with pytest.raises(OnlyOwners):
        change_member(member(eve), role="agent", by=cast.ann, now=NOON)
    with pytest.raises(OnlyOwners):
        remove_member(member(eve), by=cast.ann, now=NOON)
    assert change_member(member(cast.bo), role="lead", by=eve, now=NOON).role == "lead"


def test_the_last_owner_stays_and_nobody_does_it_to_themself(cast: Cast) -> None:
    eve = owner(cast)
    for act in (lambda: change_member(member(eve), role="agent", by=eve, now=NOON),):
        with pytest.raises(NotYourself):
            act()
    with pytest.raises(NotYourself):
        remove_member(member(eve), by=eve, now=NOON)
    second = User.objects.create_user("gil@example.com", "x", name="Gil")
    Membership.objects.create(user=second, agency=cast.north, role="owner")
    second.is_active = False
    second.save(update_fields=["is_active"])
    with pytest.raises(LastOwner):
        remove_member(member(eve), by=second, now=NOON)
    assert Membership.objects.filter(user=eve, role="owner").exists()


def test_lead_sees_an_owner_and_may_not_touch_them(cast: Cast, ann: Client) -> None:
    row = member(owner(cast))
    page = ann.get(f"{LIST}{row.pk}/change/")
    assert page.status_code == 200
    assert 'name="role"' not in page.content.decode()
    assert ann.post(f"{LIST}{row.pk}/change/", {"role": "agent"}).status_code == 403
    assert ann.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.role == "owner"


def test_removed_agent_loses_everything_here_at_once(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    bo = sign_in(cast.bo)
    assert bo.get("/desk/store-a/1/").status_code == 200
    assert ann.post(f"{LIST}{member(cast.bo).pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Assignment.objects.filter(user=cast.bo).exists()
    assert bo.get("/desk/store-a/1/").status_code == 404
    assert bo.get("/admin/").status_code == 404
    gone = Change.objects.latest("pk")
    assert gone.before == {"email": "bo@example.com", "role": "agent", "stores": ["Store A"]}


# ---------------------------------------------------------------- many at once


def chosen(client: Client, url: str, action: str, ids: list[int]) -> str:
    """The address of the bulk action's page, after the rows were chosen in the list."""
    answer = client.post(url, {"action": action, "_selected_action": ids, "index": 0})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def test_stores_are_given_to_many_with_a_preview_and_taken_back(cast: Cast, ann: Client) -> None:
    fay = invite_person(cast.north.pk, email="fay@example.com", name="Fay", role="agent", by=cast.ann, now=NOON)
    page = chosen(ann, LIST, "give", [member(cast.bo).pk, fay.member.pk, member(cast.ann).pk])
    assert "3 rows are chosen" in ann.get(page).content.decode()
    ann.post(page, {"step": "preview", "stores": [cast.a.pk, cast.b.pk], "alias": "Mimi"})
    shown = ann.get(page).content.decode()
    assert "<b>2</b> rows will change" in shown
    assert "Store A, Store B" in shown
    assert "have every store already" in shown
    assert Assignment.objects.filter(role="agent").count() == 1
    ann.post(page, {"step": "do"})
    assert Assignment.objects.filter(role="agent").count() == 4
    assert Assignment.objects.get(user=cast.bo, store=cast.a).alias == "Lily"
    assert Assignment.objects.get(user=cast.bo, store=cast.b).alias == "Mimi"
    assert "Done for <b>2</b> rows" in ann.get(page).content.decode()
    ann.post(page, {"step": "do"})
    assert Assignment.objects.filter(role="agent").count() == 4
    ann.post(page, {"step": "undo"})
    assert Assignment.objects.filter(role="agent").count() == 1
    assert [change.kind for change in Change.objects.order_by("pk")][-2:] == ["stores", "stores"]


def test_stores_are_taken_and_put_back(cast: Cast, ann: Client) -> None:
    page = chosen(ann, LIST, "take", [member(cast.bo).pk])
    ann.post(page, {"step": "preview", "stores": [cast.a.pk]})
    ann.post(page, {"step": "do"})
    assert not Assignment.objects.filter(user=cast.bo).exists()
    ann.post(page, {"step": "undo"})
    assert Assignment.objects.filter(user=cast.bo, store=cast.a).exists()


def test_bulk_page_is_ones_own_and_forms_are_checked(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    page = chosen(ann, LIST, "give", [member(cast.bo).pk])
    refused = ann.post(page, {"step": "preview"})
    assert "This field is required" in refused.content.decode()
    ann.post(page, {"step": "do"})
    assert Assignment.objects.filter(role="agent").count() == 1
    other = sign_in(owner(cast))
    assert other.get(page).status_code == 404
    assert sign_in(cast.bo).get(page).status_code == 403
    assert ann.get(page.replace("/give/", "/nothing/")).status_code == 404


def test_nothing_chosen_is_told(cast: Cast, ann: Client) -> None:
    page = ann.post(LIST, {"action": "give", "index": 0}, follow=True)
    assert page.status_code == 200
    assert Assignment.objects.filter(role="agent").count() == 1


@pytest.mark.parametrize("bad", ["people", "stores", "leads"])
def test_giving_is_all_or_nothing(cast: Cast, bad: str) -> None:
    people, stores = [cast.bo.pk], [cast.b.pk]
    if bad == "people":
        people.append(cast.cy.pk)
    if bad == "stores":
        stores.append(cast.c.pk)
    if bad == "leads":
        people.append(cast.ann.pk)
    with pytest.raises(Invalid):
        give_stores(cast.north.pk, people=people, stores=stores, by=cast.ann, now=NOON)
    assert Assignment.objects.filter(role="agent").count() == 1


def test_agents_give_nothing(cast: Cast) -> None:
    def give() -> Any:
        return give_stores(cast.north.pk, people=[cast.bo.pk], stores=[cast.b.pk], by=cast.bo, now=NOON)

    def give_abroad() -> Any:
        return give_stores(cast.north.pk, people=[cast.bo.pk], stores=[cast.b.pk], by=cast.cy, now=NOON)

    for act in (give, give_abroad):
        with pytest.raises(DomainError):
            act()
    assert Assignment.objects.filter(role="agent").count() == 1


def test_who_has_signed_in_is_not_asked_again(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    sign_in(cast.bo)
    fay = invite_person(cast.north.pk, email="fay@example.com", name="Fay", role="agent", by=cast.ann, now=NOON)
    page = chosen(ann, LIST, "ask", [member(cast.bo).pk, fay.member.pk])
    assert "<b>1</b> row will change" in ann.get(page).content.decode()
    ann.post(page, {"step": "do"})
    assert [letter.to for letter in mail.outbox] == [["fay@example.com"]]


# ---------------------------------------------------------------- choosing


def test_chooser_knows_only_ones_own(cast: Cast, ann: Client, sign_in: SignIn) -> None:
    stores = ann.get("/admin/choose/stores/", {"q": "store"}).json()
    assert [label for _id, label in stores["options"]] == ["Store A", "Store B"]
    people = ann.get("/admin/choose/people/", {"all": ""}).json()
    assert {label for _id, label in people["options"]} == {"Ann · ann@example.com", "Bo · bo@example.com"}
    assert ann.get("/admin/choose/nothing/").status_code == 404
    assert sign_in(cast.bo).get("/admin/choose/people/").status_code == 403


def test_person_twice_is_a_conflict(cast: Cast) -> None:
    with pytest.raises(Conflict):
        invite_person(cast.north.pk, email="BO@example.com", role="agent", by=cast.ann, now=NOON)
