"""Every verb tells the feed what a marketplace sees of it, in its own statement; nothing of the words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tenants.context import in_store
from tenants.models import Store
from tests.cast import NOON, PNG, Cast
from tests.scenes import buyer_writes, waiting_ticket
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.actions.take_back import take_back
from tickets.incoming import Upload
from tickets.models import Ticket
from tickets.score.models import Happening, Stirred

MINUTE = timedelta(minutes=1)
Seen = tuple[str, int, int | None, bool]


def seen(store: Store, number: int) -> list[Seen]:
    """(kind, minutes after NOON, person, is_bare) of all that happened, in order."""
    rows = Happening.objects.filter(store=store, ticket_number=number).order_by("pk")
    return [(row.kind, (row.at - NOON) // MINUTE, row.person_id, row.is_bare) for row in rows]


def replies(cast: Cast, ticket: Ticket, text: str, minute: int, **more: object) -> None:
    at = NOON + minute * MINUTE
    reply_to_ticket(ticket, author=cast.ann, body=text, client_key=f"{minute}", seen_seq=None, now=at, **more)  # type: ignore[arg-type]


def test_a_conversation_as_the_marketplace_sees_it(cast: Cast, store_a: Store) -> None:
    ticket, ann = waiting_ticket(text="在吗"), cast.ann.pk
    replies(cast, ticket, "您好", 1)
    buyer_writes("x-2", at=NOON + 4 * MINUTE, sent_at=NOON + 2 * MINUTE)
    ticket.refresh_from_db()
    add_note(ticket, author=cast.ann, body="n", client_key="n", now=NOON + 5 * MINUTE)
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON + 6 * MINUTE)
    replies(cast, ticket, "明天发货", 7)
    close(ticket, by=cast.bo, now=NOON + 8 * MINUTE)
    reopen(ticket, by=cast.ann, now=NOON + 9 * MINUTE)
    close(ticket, by=None, now=NOON + 10 * MINUTE)
    buyer_writes("x-3", at=NOON + 11 * MINUTE)
    assert seen(store_a, ticket.number) == [
        ("opened", 0, None, False),
        ("buyer", 0, None, True),
        ("bot", 0, None, True),
        ("human", 1, ann, True),
        ("buyer", 2, None, False),
        ("transferred", 6, ann, False),
        ("human", 7, ann, False),
        ("closed", 8, cast.bo.pk, False),
        ("reopened", 9, ann, False),
        ("closed", 10, None, False),
        ("reopened", 11, None, False),
        ("buyer", 11, None, False),
        ("bot", 11, None, True),
    ]


def test_a_first_taking_is_no_transfer_and_a_picture_no_greeting(cast: Cast, store_a: Store) -> None:
    ticket = waiting_ticket()
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    take_back(ticket, person=cast.bo.pk, to=None, now=NOON)
    assign(ticket, to=cast.bo, by=cast.ann, now=NOON)
    take_back(ticket, person=cast.bo.pk, to=cast.ann, now=NOON)
    replies(cast, ticket, "您好", 1, uploads=[Upload("a.png", PNG)])
    assert seen(store_a, ticket.number)[3:] == [
        ("transferred", 0, cast.bo.pk, False),
        ("human", 1, cast.ann.pk, False),
    ]


def test_the_same_twice_happens_once(cast: Cast, store_a: Store) -> None:
    ticket = waiting_ticket()
    buyer_writes()
    replies(cast, ticket, "明天", 1)
    replies(cast, ticket, "明天", 1)
    assert [kind for kind, *_rest in seen(store_a, ticket.number)] == ["opened", "buyer", "bot", "human"]


def test_what_is_undone_did_not_happen(cast: Cast) -> None:
    before = Happening.objects.count(), Stirred.objects.count()
    with pytest.raises(RuntimeError), in_store(cast.a):
        undone()
    assert (Happening.objects.count(), Stirred.objects.count()) == before


def undone() -> None:
    with transaction.atomic():
        waiting_ticket()
        raise RuntimeError


def test_a_message_ahead_of_our_clock_happened_now(store_a: Store) -> None:
    number = buyer_writes("x-9", sent_at=NOON + 4 * MINUTE).ticket_number
    assert {minute for _kind, minute, *_rest in seen(store_a, number)} == {0}


def test_one_row_of_the_feed_for_each_statement(cast: Cast) -> None:
    with in_store(cast.a):
        ticket = waiting_ticket()
        add_note(ticket, author=cast.ann, body="n", client_key="n", now=NOON)
    assert Stirred.objects.filter(store=cast.a, ticket_number=ticket.number).count() == 1
