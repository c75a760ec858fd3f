"""A desk's frames pass the gate one by one: another store, another agency, a note, a name, a word too late."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tenants.access import Caller
from tenants.clock import database_now
from tenants.context import in_store
from tenants.hosts import place_of
from tenants.models import Assignment, Store, User
from tests.cast import NORTH_HOST, SOUTH_HOST, Cast, canary
from tests.scenes import kinds_of, snapshot
from tickets.chat.desk import DeskSide
from tickets.desk.models import QueueEntry
from tickets.models import Ticket

A_HOST = "store-a.localhost"


def side(person: User, host: str = NORTH_HOST) -> DeskSide:
    place = place_of(host)
    assert place is not None
    return DeskSide(Caller(person, place))


def ask(desk: DeskSide, kind: str, store: Store, ticket: int = 1, **fields: Any) -> list[dict[str, Any]]:
    return desk.answer(json.dumps({"type": kind, "store": store.pk, "ticket": ticket, **fields}))


FRAMES: list[tuple[str, dict[str, Any]]] = [
    ("watch", {}),
    ("watch", {"have": 0}),
    ("reply", {"client_id": "intruder-1", "text": "x", "seen": 99}),
    ("seen", {"read": 9}),
    ("typing", {"on": True}),
]


@pytest.mark.parametrize(("kind", "fields"), FRAMES)
@pytest.mark.parametrize(
    ("who", "host", "letter"),
    [("bo", NORTH_HOST, "b"), ("ann", NORTH_HOST, "c"), ("cy", SOUTH_HOST, "a"), ("di", A_HOST, "b")],
)
def test_store_that_one_was_not_given_does_not_exist(
    cast: Cast, who: str, host: str, letter: str, kind: str, fields: dict[str, Any]
) -> None:
    store = getattr(cast, letter)
    before = snapshot(cast.a, cast.b, cast.c)
    desk = side(getattr(cast, who), host)
    [refused] = ask(desk, kind, store, **fields)
    assert (refused["type"], refused["code"], "missed" in refused) == ("refused", "not_found", False)
    assert canary(store) not in str(refused)
    assert desk.watched == {}
    assert snapshot(cast.a, cast.b, cast.c) == before


@pytest.mark.parametrize(("kind", "fields"), FRAMES[:4])
def test_ticket_that_is_none_does_not_exist(cast: Cast, kind: str, fields: dict[str, Any]) -> None:
    assert ask(side(cast.bo), kind, cast.a, 10**9, **fields)[0]["code"] == "not_found"


def test_seller_reads_no_note_and_no_name(cast: Cast) -> None:
    [told] = ask(side(cast.di, A_HOST), "watch", cast.a, have=0)
    assert [item["kind"] for item in told["items"]] == ["buyer", "bot"]
    assert "CANARY-NOTE" not in str(told)
    [told] = ask(side(cast.bo), "watch", cast.a, have=0)
    assert [item["author"] for item in told["items"] if item["kind"] == "note"] == ["Ann"]
    assert side(cast.di, A_HOST).names(cast.a.pk, [cast.ann.pk]) == []
    assert side(cast.bo).names(cast.a.pk, [cast.ann.pk]) == ["Ann"]


def test_desk_that_lost_the_store_hears_no_more(cast: Cast) -> None:
    desk = side(cast.bo)
    assert ask(desk, "watch", cast.a, have=0)
    Assignment.objects.filter(user=cast.bo).delete()
    assert desk.look((cast.a.pk, 1), after=0) == []
    assert desk.preview((cast.a.pk, 1)) == ""
    assert desk.answer('{"type": "ping"}') == [{"type": "pong"}]


def test_answer_that_comes_too_late_writes_the_breach_that_nobody_wrote(cast: Cast) -> None:
    with in_store(cast.a):
        late = database_now() - timedelta(days=3)
        Ticket.objects.filter(pk=1).update(waiting_since=late, opened_at=late)
        QueueEntry.objects.filter(store=cast.a, ticket_number=1).update(due_at=late, breached_at=None, told=[])
    [sent] = ask(side(cast.bo), "reply", cast.a, client_id="too-late-1", text="今天发", seen=3)
    assert sent["type"] == "sent"
    with in_store(cast.a):
        assert kinds_of(Ticket.objects.get(pk=1))[-2:] == ["clock.breached", "message.replied"]


def test_answer_to_what_was_not_seen_is_refused_with_what_was_missed(cast: Cast) -> None:
    desk = side(cast.bo)
    reply = {"client_id": "too-early-1", "text": "今天发", "seen": 0}
    [refused] = ask(desk, "reply", cast.a, **reply)
    assert (refused["code"], refused["client_id"]) == ("ticket_moved_on", "too-early-1")
    assert [item["kind"] for item in refused["missed"]] == ["buyer", "bot", "note"]
    [sent] = ask(desk, "reply", cast.a, **{**reply, "seen": 3})
    assert ask(desk, "reply", cast.a, **{**reply, "seen": 0})[0]["seq"] == sent["seq"]  # again: the same


@pytest.mark.parametrize(
    "card",
    [
        {"type": "x"},
        {"type": "offer", "options": [{"label": "A"}]},
        {"type": "offer", "options": [{"label": "A"}, {"label": "A"}]},
        {"type": "offer", "options": [{"label": "x" * 301}, {"label": "B"}]},
        {"type": "product", "title": ""},
        {"type": "product", "title": "Tent", "url": "javascript:alert(1)"},
        {"type": "product", "title": "Tent", "url": "http://shop.example"},
        {"type": "order", "number": 5},
        {"type": ["offer"]},
        {"type": {}},
        {"type": "product", "title": "\ud800"},
        {"type": "product", "title": "Tent", "price": "\udfff"},
        {"type": "product", "title": "Tent", "url": "https://shop.example/\ud83d"},
        {"type": "order", "number": "1", "status": "\x00"},
        {"type": "offer", "options": [{"label": "A"}, {"label": "\ud83d"}]},
    ],
)
def test_cards_that_are_none_are_refused(cast: Cast, card: dict[str, Any]) -> None:
    asked = {"client_id": "a-card-01", "text": "?", "seen": 9, "card": card}
    assert ask(side(cast.bo), "reply", cast.a, **asked)[0]["field"] == "card"


OFFER = {"type": "offer", "options": [{"label": "退款"}, {"label": "换新并赠券"}]}


@pytest.mark.parametrize("card", [None, OFFER])
@pytest.mark.parametrize(("who", "host"), [("ann", NORTH_HOST), ("bo", NORTH_HOST), ("di", A_HOST)])
def test_own_answer_comes_back_as_everybody_reads_it(cast: Cast, who: str, host: str, card: Any) -> None:
    """It is not read again for its author; a colleague's desk reads it."""
    own = side(getattr(cast, who), host)
    seen = ask(own, "watch", cast.a, have=0)[0]["items"][-1]["seq"]
    ask(own, "watch", cast.a, have=3)
    frames = ask(own, "reply", cast.a, client_id="own-word-1", text=" 您好\r\n在的 ", seen=max(seen, 3), card=card)
    [read] = ask(side(getattr(cast, who), host), "watch", cast.a, have=3)
    assert [frame["type"] for frame in frames] == ["sent", "messages"]
    assert frames[1] == read
    assert (read["items"][0]["text"], read["items"][0]["client_id"]) == ("您好\n在的", "own-word-1")


def test_own_answer_brings_what_else_was_missed(cast: Cast) -> None:
    desk, colleague = side(cast.bo), side(cast.ann)
    ask(desk, "watch", cast.a, have=3)
    ask(colleague, "reply", cast.a, client_id="first-one", text="一", seen=3)
    frames = ask(desk, "reply", cast.a, client_id="second-one", text="二", seen=4)
    assert [item["text"] for item in frames[1]["items"]] == ["一", "二"]
