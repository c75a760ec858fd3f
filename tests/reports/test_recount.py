"""Whatever the verbs do, in whatever order: the figures are those of a rebuild, and of a recount in plain SQL."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reports.actions.follow import follow
from reports.actions.rebuild import rebuild
from reports.actions.running import WHOLE, days_of
from reports.models import Counting, Opening, StoreDay
from reports.steps import STEPS, step_of
from reports.sums import total
from tenants.context import in_store
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.reports.recount import GOALS, recount
from tests.reports.scenes import counted, rows_of, rows_of_group
from tests.scenes import buyer_writes, clock_ticks
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.models import Message, Ticket
from tickets.replay.conversations import Conversation, Side, read_script

CONVERSATIONS = os.environ.get("DESKFLEET_CONVERSATIONS", "")  # a file as `manage.py replay` reads it


def agrees(store: Store) -> int:
    """Every figure of every cell and day, of all days together, and of the group. Returns how many were compared."""
    goals, compared = json.dumps(GOALS | {"email": 86400}), 0
    rows = rows_of(store)
    days = days_of(rows)
    asked = [(cell, [day], sums) for (cell, day), sums in days.items()]
    whole = {day: sums for (cell, day), sums in days.items() if cell == WHOLE}
    asked.append((WHOLE, list(whole), total(whole.values())))
    for cell, when, sums in asked:
        found = recount(store, when, goals, cell.channel, cell.category)
        p50, p90 = (None if wait is None else STEPS[step_of(wait)] for wait in found[7:9])
        kept = (sums.opened, sums.reopened, sums.acknowledged, sums.answered, sums.within, sums.breached, sums.closed)
        assert (*kept, sums.p50, sums.p90) == (*found[:7], p50, p90), (cell, when)
        if cell == WHOLE:
            assert sums.hours() == found[9]
        compared += 10
    return compared


def at_random(cast: Cast, seed: int) -> None:
    """Eighty things happen in store A over four days, and are counted now and then."""
    rng, now = random.Random(seed), NOON
    for step in range(80):
        now += timedelta(seconds=rng.choice([1, 20, 45, 600, 7200]))
        with in_store(cast.a):
            happens(rng, cast, step, now)
        if rng.random() < 0.15:
            clock_ticks(cast.a, now)
        if rng.random() < 0.3:
            follow(now)
    clock_ticks(cast.a, now)
    counted(at=now)


def happens(rng: random.Random, cast: Cast, step: int, now: datetime) -> None:
    numbers = list(Ticket.objects.order_by("number").values_list("number", flat=True))
    ticket = Ticket.objects.get(pk=rng.choice(numbers))
    match rng.choice(["write", "write", "write", "reply", "reply", "close", "reopen", "note"]):
        case "write":
            late = rng.choice([0, 0, 0, 40, 100_000])
            buyer_writes(
                f"r-{step}",
                at=now,
                customer_id=f"b{rng.randrange(9)}",
                sent_at=now - timedelta(seconds=late),
                channel=rng.choice([Channel.TMALL, Channel.EMAIL]),
                category=rng.choice(["", "size", "refund"]),
            )
        case "reply" if not ticket.is_closed:
            key = f"k-{step}"
            reply_to_ticket(ticket, author=cast.ann, body=key, client_key=key, seen_seq=None, now=now)
        case "close":
            close(ticket, by=cast.ann, now=now)
        case "reopen":
            reopen(ticket, by=cast.ann, now=now)
        case "note":
            add_note(ticket, author=cast.ann, body="n", client_key=f"note-{step}", now=now)


def openings_of(store: Store) -> list[dict[str, object]]:
    rows = Opening.objects.filter(store=store).order_by("ticket_number", "opening").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


@pytest.mark.parametrize("seed", range(6))
def test_counting_as_it_happens_is_counting_from_the_beginning(cast: Cast, seed: int) -> None:
    at_random(cast, seed)
    rows, group = rows_of(cast.a), rows_of_group(cast.a)
    openings = openings_of(cast.a)
    assert agrees(cast.a) > 50
    assert rebuild(cast.a, now=NOON).was_right
    Opening.objects.filter(store=cast.a).delete()
    StoreDay.objects.filter(store=cast.a).delete()
    rebuild(cast.a, now=NOON)
    assert rows_of(cast.a) == rows
    assert openings_of(cast.a) == openings
    Counting.objects.filter(store=cast.a).update(next_number=0)
    counted(at=NOON)
    assert rows_of(cast.a) == rows
    assert {key: sums.opened for key, sums in days_of(group).items() if key[0] == WHOLE and sums.opened}


def replayed(store: Store, cast: Cast, conversations: list[Conversation]) -> Iterator[datetime]:
    """The conversations at days of their own, with waits that differ; the time after each."""
    rng = random.Random(7)
    for index, conversation in enumerate(conversations):
        now = NOON + timedelta(minutes=11 * index)
        number = 0
        with in_store(store):
            for turn in conversation.turns:
                now += timedelta(seconds=rng.choice([3, 9, 25, 29, 31, 70, 400, 9000]))
                if turn.side == Side.BUYER:
                    key = conversation.key_of(turn)
                    number = buyer_writes(key, turn.text, at=now, customer_id=conversation.buyer_id).ticket_number
                elif number:
                    key, ticket = conversation.key_of(turn), Ticket.objects.get(pk=number)
                    reply_to_ticket(ticket, author=cast.ann, body=turn.text, client_key=key, seen_seq=None, now=now)
        yield now


def test_synthetic_conversations_are_counted_as_recounted(cast: Cast) -> None:
    said = [("customer", "在吗？"), ("agent", "在的"), ("customer", "好"), ("agent", "谢谢")]
    turns = [said[: 1 + index % 4] for index in range(40)]
    lines = [
        json.dumps({"id": index, "turns": [{"from": who, "text": text} for who, text in few]}).encode()
        for index, few in enumerate(turns)
    ]
    now = max(replayed(cast.a, cast, read_script(lines).conversations))
    clock_ticks(cast.a, now + timedelta(days=2))
    counted(at=now)
    assert agrees(cast.a) >= 20


@pytest.mark.skipif(not CONVERSATIONS, reason="DESKFLEET_CONVERSATIONS names no file")
def test_recorded_conversations_are_counted_as_recounted(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    script = read_script(Path(CONVERSATIONS).read_bytes().splitlines())
    now = NOON
    for now in replayed(cast.a, cast, script.conversations):
        if now.minute % 7 == 0:
            follow(now)
    for _turn in range(20):
        clock_ticks(cast.a, now + timedelta(days=2))
    counted(at=now)
    compared = agrees(cast.a)
    with in_store(cast.a):
        tickets, messages = Ticket.objects.count(), Message.objects.count()
    with capsys.disabled():
        sys.stdout.write(f"\n{tickets} tickets, {messages} messages: {compared} figures agree\n")
