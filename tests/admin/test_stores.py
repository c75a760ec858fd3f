"""Stores and who has which, in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import Assignment, Change, Store
from tests.admin.test_people import chosen
from tests.cast import SOUTH_HOST, Cast
from tests.conftest import SignIn

STORES, GIVEN = "/admin/tenants/store/", "/admin/tenants/assignment/"


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def test_lead_renames_and_paints_a_store(cast: Cast, ann: Client) -> None:
    page = ann.get(f"{STORES}{cast.a.pk}/change/")
    assert page.status_code == 200
    sent = {"name": "青禾 旗舰店", "band": "5", "time_zone": "Asia/Bangkok"}
    assert ann.post(f"{STORES}{cast.a.pk}/change/", sent).status_code == 302
    store = Store.objects.get(pk=cast.a.pk)
    assert (store.name, store.band, store.time_zone, store.state) == ("青禾 旗舰店", 5, "Asia/Bangkok", "open")
    assert Change.objects.get().after == {"name": "青禾 旗舰店", "band": 5, "time_zone": "Asia/Bangkok"}


@pytest.mark.parametrize("sent", [{"name": ""}, {"band": "99"}, {"time_zone": "Mars/Base"}])
def test_bad_store_is_refused(cast: Cast, ann: Client, sent: dict[str, str]) -> None:
    page = ann.post(f"{STORES}{cast.a.pk}/change/", {"name": "X", "band": "1", "time_zone": "UTC", **sent})
    assert page.status_code == 200
    assert Store.objects.get(pk=cast.a.pk).name == "Store A"


def test_what_is_not_on_the_form_is_not_written(cast: Cast, ann: Client) -> None:
    sent = {"name": "X", "band": "1", "time_zone": "UTC", "state": "archived", "slug": "other", "agency": cast.south.pk}
    ann.post(f"{STORES}{cast.a.pk}/change/", sent)
    store = Store.objects.get(pk=cast.a.pk)
    assert (store.slug, store.state, store.agency_id) == ("store-a", "open", cast.north.pk)


def test_another_agency_and_agents_have_no_way(cast: Cast, sign_in: SignIn) -> None:
    given = Assignment.objects.get(user=cast.bo)
    for client, status in ((sign_in(cast.bo), 403), (sign_in(cast.cy, SOUTH_HOST), 404)):
        for url in (f"{STORES}{cast.a.pk}/", f"{GIVEN}{given.pk}/"):
            for page in ("change/", "history/"):
                assert client.get(url + page).status_code == status, url + page
            answer = client.post(url + "change/", {"name": "X", "band": "1", "time_zone": "UTC", "alias": "X"})
            assert answer.status_code == status
    assert Store.objects.get(pk=cast.a.pk).name == "Store A"
    assert Assignment.objects.get(pk=given.pk).alias == "Lily"


def test_stores_are_given_from_their_list(cast: Cast, ann: Client) -> None:
    page = chosen(ann, STORES, "give", [cast.a.pk, cast.b.pk])
    ann.post(page, {"step": "preview", "people": [cast.bo.pk], "alias": ""})
    ann.post(page, {"step": "do"})
    assert set(Assignment.objects.filter(user=cast.bo).values_list("store_id", flat=True)) == {cast.a.pk, cast.b.pk}
    ann.post(page, {"step": "undo"})
    assert set(Assignment.objects.filter(user=cast.bo).values_list("store_id", flat=True)) == {cast.a.pk}


def test_alias_is_set_and_a_sellers_row_is_left(cast: Cast, ann: Client) -> None:
    agent, seller = Assignment.objects.get(user=cast.bo), Assignment.objects.get(user=cast.di)
    ann.post(f"{GIVEN}{agent.pk}/change/", {"alias": "Mimi"})
    agent.refresh_from_db()
    assert agent.alias == "Mimi"
    assert ann.post(f"{GIVEN}{seller.pk}/change/", {"alias": "Mimi"}).status_code == 403
    assert ann.post(f"{GIVEN}{seller.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ann.post(f"{GIVEN}{agent.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Assignment.objects.values_list("user_id", flat=True)) == [cast.di.pk]
