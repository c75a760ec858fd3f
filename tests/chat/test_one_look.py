"""What is new in a chat is asked along with the gate, and nothing of it gets past a gate that is shut meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.clock import database_now
from tenants.context import UNHURRIED, StoreContextError, ask_inside, ask_unhurried, at, in_store
from tenants.models import Assignment, Store
from tests.cast import NORTH_HOST, Cast
from tests.chat.conftest import Browser
from tests.chat.test_desk_side import A_HOST, side
from tickets.actions.mark_read import desk_saw
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.chat.desk import DeskSide
from tickets.models import Ticket


def watching(desk: DeskSide, store: Store, number: int) -> DeskSide:
    """A desk that has everything of the ticket, whose connection stands in the store from its own place."""
    told = desk.answer(json.dumps({"type": "watch", "store": store.pk, "ticket": number, "have": 0}))
    assert told[0]["type"] == "messages"
    return desk


def queries_of(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as captured:
        found = call()
    return found, [query["sql"] for query in captured]


def entered(store: Store) -> None:
    with in_store(store):
        pass


def number_of(store: Store) -> int:
    with in_store(store):
        return Ticket.objects.filter(channel="widget").latest("number").number


def written(cast: Cast, number: int, text: str, *, note: bool = False) -> None:
    """Bo writes, from inside the store as it stands: the connection stays where it was."""
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        if note:
            add_note(ticket, author=cast.bo, body=text, client_key=text, now=database_now())
        else:
            reply_to_ticket(ticket, author=cast.bo, body=text, client_key=text, seen_seq=None, now=database_now())


def test_desk_reads_on_with_one_query(buyer: Browser, cast: Cast) -> None:
    buyer.say("在吗")
    number = number_of(cast.a)
    desk = watching(side(cast.bo), cast.a, number)
    other = watching(side(cast.ann), cast.a, number)
    frame = {"type": "reply", "store": cast.a.pk, "ticket": number, "client_id": "answer-1", "text": "在的", "seen": 9}
    assert other.answer(json.dumps(frame))[0]["type"] == "sent"
    told, queries = queries_of(lambda: desk.look((cast.a.pk, number)))
    assert [item["text"] for frame in told for item in frame["items"]] == ["在的"]
    assert told[0]["items"][0]["author"] == "Ann"
    assert told[0]["items"][0]["at"].endswith("Z")
    assert len(queries) == 1


def test_buyer_reads_on_with_one_query(buyer: Browser, cast: Cast) -> None:
    buyer.say("在吗")
    number = number_of(cast.a)
    written(cast, number, "在的")
    buyer.side.look()  # from here on the connection stands in the store from the buyer's place
    buyer.side.have -= 1
    told, queries = queries_of(buyer.side.look)
    assert [item["text"] for item in told[0]["items"]] == ["在的"]
    assert len(queries) == 1


def test_note_is_not_asked_along_for_a_seller(buyer: Browser, cast: Cast) -> None:
    buyer.say("在吗")
    number = number_of(cast.a)
    seller, agent = side(cast.di, A_HOST), side(cast.bo, NORTH_HOST)
    for desk, sees in ((seller, False), (agent, True)):
        watching(desk, cast.a, number)
        written(cast, number, f"CANARY-NOTE {sees}", note=True)
        watching(desk, cast.a, number)  # the connection is back at this desk's place
        told, queries = queries_of(lambda desk=desk: desk.look((cast.a.pk, number), after=0))
        assert len(queries) == 1
        assert ("CANARY-NOTE" in str(told)) == sees


def test_gate_that_was_shut_meanwhile_lets_nothing_through(buyer: Browser, cast: Cast) -> None:
    buyer.say("CANARY-WORD")
    number = number_of(cast.a)
    desk = watching(side(cast.bo), cast.a, number)
    assert "CANARY-WORD" in str(desk.look((cast.a.pk, number), after=0))
    Assignment.objects.filter(user=cast.bo).delete()
    with at(desk.caller.place), in_store(cast.a):
        pass  # the connection stands where the next look may ask everything at once
    told, queries = queries_of(lambda: desk.look((cast.a.pk, number), after=0))
    assert (told, len(queries)) == ([], 1)


def test_buyer_of_a_store_that_was_closed_meanwhile_reads_nothing(buyer: Browser, cast: Cast) -> None:
    buyer.say("在吗")
    assert buyer.side.look() == []
    Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
    buyer.side.have = 0
    assert buyer.side.look() == []
    assert buyer.ask("message", client_id="late-message", text="还在吗")[0]["code"] == "unavailable"


def test_store_is_entered_afresh_where_nothing_proves_that_it_is_open(buyer: Browser, cast: Cast) -> None:
    with at(buyer.side.place):
        with in_store(cast.a):
            pass
        for unproven in ("SELECT false", "SELECT true WHERE false"):
            assert ask_inside(cast.a, unproven, {}) is None
            assert cast.a.proven is None
        assert ask_inside(cast.a, "SELECT true, 7", {}) == [(True, 7)]
        _, queries = queries_of(lambda: entered(cast.a))
        assert queries == []
        _, queries = queries_of(lambda: entered(cast.a))
        assert len(queries) == 1


def test_what_may_be_lost_is_not_written_with_what_must_not_be(buyer: Browser, cast: Cast) -> None:
    buyer.say("在吗")
    number = number_of(cast.a)
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        with transaction.atomic(), pytest.raises(StoreContextError):
            desk_saw(ticket, has=1)
        desk_saw(ticket, has=1)
        assert ask_unhurried(f"SELECT current_setting('synchronous_commit') FROM {UNHURRIED}", {}) == [("off",)]
