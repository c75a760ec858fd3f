"""Kuaishou and Pinduoduo: a connector hands messages in as for any marketplace, and their policies hold there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone, translation

from tenants.context import in_store
from tenants.models import Store
from tests.cast import Cast
from tests.conftest import Api
from tests.scenes import entry_of
from tickets.channels import Channel, default_channel
from tickets.models import Ticket
from tickets.policies.queries import forget_rules, rules_of
from tickets.score.queries.scores import standings_of

KEYS = {"kuaishou": "kuaishou_human_3min", "pinduoduo": "pinduoduo_5min"}


@pytest.fixture(params=sorted(KEYS))
def marketplace(request: pytest.FixtureRequest, cast: Cast) -> Iterator[str]:
    forget_rules()
    Store.objects.filter(pk=cast.a.pk).update(marketplace=request.param)
    yield request.param
    forget_rules()


def test_every_marketplace_is_a_channel() -> None:
    assert all(default_channel(value) for value in Store.Marketplace.values)
    assert set(Store.Marketplace.values) - {"web"} <= set(Channel.values)


def test_every_channel_has_a_sign_on_the_desk() -> None:
    drawn = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    assert [channel for channel in Channel.values if f'<symbol id="{channel}"' not in drawn] == []


def test_a_message_comes_in_is_measured_and_answered_in_its_language(cast: Cast, api: Api, marketplace: str) -> None:
    client = api(cast.ann, agency=cast.north)
    body = {"external_id": "m-1", "customer": {"id": "buyer-9"}, "text": "1234"}
    made = client.post("/api/v1/stores/store-a/messages/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=made.json()["ticket"])
        assert ticket.channel == marketplace
        entry = entry_of(ticket)
        assert entry is not None
        assert entry.due_why == "goal:chat_first:30"
        acknowledged = ticket.messages.get(kind="bot").body
    assert any("一" <= letter <= "鿿" for letter in acknowledged)  # its words tell no language
    outgoing = client.get("/api/v1/stores/store-a/outgoing/").json()["results"]
    assert marketplace in {one["channel"] for one in outgoing}


def test_its_policy_holds_and_is_on_the_score_page(cast: Cast, marketplace: str) -> None:
    now = timezone.now()
    store = Store.objects.get(pk=cast.a.pk)
    assert KEYS[marketplace] in {policy.key for policy in rules_of(store, now).policies}
    assert KEYS[marketplace] in {one.policy for one in standings_of([store.pk], now=now)}


def test_names_are_said_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert [str(Channel(key).label) for key in sorted(KEYS)] == ["快手", "拼多多"]
