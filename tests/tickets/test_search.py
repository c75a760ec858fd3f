"""Search: the very number, then what is open, then what is latest, over all stores; and it says when it cut."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tenants.context import in_store
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Message, Ticket
from tickets.queries import search
from tickets.queries.queue import Filters, queue_for
from tickets.rows import Queue

Hit = tuple[str, int]


def writes(store: Store, text: str, minute: int, *, channel: Channel = Channel.TMALL, **more: Any) -> Hit:
    key = f"{store.slug}-{minute}"
    at = NOON + timedelta(minutes=minute)
    with in_store(store):
        return store.slug, buyer_writes(key, text, customer_id=key, at=at, channel=channel, **more).ticket_number


def closed(cast: Cast, hit: Hit) -> Hit:
    with in_store({"store-a": cast.a, "store-b": cast.b}[hit[0]]):
        close(Ticket.objects.get(pk=hit[1]), by=cast.ann, now=NOON)
    return hit


def asked(cast: Cast, text: str, size: int = 50, **filters: str) -> Queue:
    return queue_for(cast.caller(cast.ann), Filters(q=text, **filters), now=NOON, size=size)


def found(cast: Cast, text: str, **filters: str) -> list[Hit]:
    return [(row.store.slug, row.number) for row in asked(cast, text, **filters).rows]


def test_the_number_comes_first_then_the_open_then_the_latest_of_all_stores(cast: Cast) -> None:
    old = closed(cast, writes(cast.a, "lamp", 1))
    text = f"#{old[1]}"
    first, second, third = (writes(s, f"lamp {text}", m) for s, m in ((cast.b, 2), (cast.a, 3), (cast.b, 4)))
    late = closed(cast, writes(cast.b, f"lamp {text}", 5))
    assert found(cast, "lamp") == [third, second, first, late, old]
    exact = {hit for hit in (old, first, second, third, late) if hit[1] == old[1]}
    hits = found(cast, text)
    assert set(hits[: len(exact)]) == exact
    assert hits[len(exact) :] == [hit for hit in (third, second, first, late) if hit not in exact]


@pytest.mark.parametrize(("shut", "open_one"), [("store-a", "store-b"), ("store-b", "store-a")])
def test_of_two_with_the_number_the_open_one_is_first(cast: Cast, shut: str, open_one: str) -> None:
    closed(cast, (shut, 1))
    assert found(cast, "#1") == [(open_one, 1), (shut, 1)]


def test_no_store_hides_another_when_there_is_too_much(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FOUND_AT_MOST", 3)
    monkeypatch.setattr(search, "_BEST", search._BEST.replace("LIMIT 201", "LIMIT 4"))
    for minute in range(1, 6):
        writes(cast.a, "broken lamp", minute)
    last = writes(cast.b, "broken lamp", 9)
    queue = asked(cast, "lamp")
    assert (queue.rows[0].store.slug, queue.rows[0].number) == last
    assert (len(queue.rows), queue.total, queue.is_cut) == (3, 3, True)


def test_all_is_said_to_be_all(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(cast.a, "broken lamp", 1)
    writes(cast.b, "broken lamp", 2)
    assert (asked(cast, "lamp").total, asked(cast, "lamp").is_cut) == (2, False)
    desk = sign_in(cast.ann)
    assert b"2 tickets found" in desk.get("/desk/queue/", {"q": "lamp"}).content
    monkeypatch.setattr(search, "FOUND_AT_MOST", 1)
    assert b"1+ tickets found" in desk.get("/desk/queue/", {"q": "lamp"}).content


def test_exact_number_survives_the_cut(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FOUND_AT_MOST", 1)
    monkeypatch.setattr(search, "_BEST", search._BEST.replace("LIMIT 201", "LIMIT 2"))
    old = closed(cast, writes(cast.a, "lamp", 1))
    for minute in range(2, 6):
        writes(cast.a, f"what about #{old[1]}", minute)
    assert found(cast, f"#{old[1]}") == [old]


def test_filters_narrow_before_the_cut(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FOUND_AT_MOST", 1)
    monkeypatch.setattr(search, "_BEST", search._BEST.replace("LIMIT 201", "LIMIT 2"))
    mine = writes(cast.a, "lamp", 1, channel=Channel.AMAZON)
    with in_store(cast.a):
        assign(Ticket.objects.get(pk=mine[1]), to=cast.ann, by=cast.ann, now=NOON)
    late = writes(cast.a, "lamp", 2)
    QueueEntry.objects.filter(store=cast.a, ticket_number=late[1]).update(due_at=NOON - timedelta(hours=1))
    for minute in range(3, 7):
        newest = writes(cast.a, "lamp", minute)
    QueueEntry.objects.filter(store=cast.a, ticket_number=mine[1]).update(due_at=None)
    assert found(cast, "lamp") == [newest]
    assert found(cast, "lamp", view="mine") == found(cast, "lamp", channel="amazon") == [mine]
    assert found(cast, "lamp", view="overdue") == [late]
    assert found(cast, "lamp", view="unassigned") == [newest]
    assert found(cast, "lamp", view="unassigned", channel="amazon") == []


def test_views_are_of_open_tickets(cast: Cast) -> None:
    hit = closed(cast, writes(cast.a, "lamp", 1))
    assert found(cast, "lamp") == [hit]
    assert [found(cast, "lamp", view=view) for view in ("mine", "unassigned", "overdue")] == [[], [], []]


def test_pages_follow_the_searchs_order(cast: Cast) -> None:
    hits = [writes(cast.a if minute % 2 else cast.b, "lamp", minute) for minute in range(1, 8)]
    closed(cast, hits[4])
    whole, paged, cursor = found(cast, "lamp"), [], ""
    for _page in range(3):
        page = asked(cast, "lamp", 3, cursor=cursor)
        paged += [(row.store.slug, row.number) for row in page.rows]
        cursor = page.next_cursor
    assert (paged, cursor, page.total) == (whole, "", 7)


def test_most_pressing_one_is_named_in_any_order(cast: Cast) -> None:
    old = writes(cast.a, "lamp", -300)
    writes(cast.b, "lamp", -200)
    queue = asked(cast, "lamp")
    assert queue.most_pressing is not None
    assert (queue.most_pressing.number, queue.rows[0].store.slug) == (old[1], "store-b")


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("物流", True),
        ("灯", True),
        ("坏了", True),
        ("LAMP", True),
        ("La", True),
        ("l", False),  # one letter means nothing, one digit is a number
        ("7", False),
        ("-", False),
        ("", False),
        ("50%", True),
        ("a_b", True),
        ("0%", True),
        ("5_%", False),
        ("a%b", False),
        ("\\", False),
        ("\\n", True),
        ("xiao li", True),
        ("XL-7", True),
        ("li@example", True),
        ("parcel of", True),
    ],
)
def test_what_is_found_by_what(cast: Cast, text: str, hits: bool) -> None:
    hit = writes(
        cast.b,
        "7 物流很慢，灯坏了 Lamp 50% a_b \\n",
        1,
        subject="Parcel of May",
        customer_name="Xiao Li",
        customer_email="li@example.org",
    )
    with in_store(cast.b):
        Ticket.objects.get(pk=hit[1]).customer.__class__.objects.filter(name="Xiao Li").update(external_id="xl-777")
    assert (hit in found(cast, text)) == (hits or not text)  # nothing asked is the queue


def test_word_too_short_for_the_index_is_looked_for_in_the_latest(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_LATELY", search._LATELY.replace("200000", "2"))
    writes(cast.a, "灯坏了", 1, subject="x")
    new = writes(cast.a, "灯坏了", 2)
    assert found(cast, "坏了") == [new]
    assert len(found(cast, "灯坏了")) == 2


def test_messages_are_searched_by_their_index(cast: Cast) -> None:
    with in_store(cast.a), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM {Message._meta.db_table} WHERE body ILIKE '%parcel%'")
        assert "message_words" in str(cursor.fetchall())
