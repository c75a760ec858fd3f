"""What time does to tickets: warnings, word of delay, escalation, owners' rules; each once, whoever ticks or dies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection as default_connection
from django.utils import timezone

from tenants.context import in_store
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, clock_ticks, entry_of, in_a_thread, kinds_of, left, waiting_ticket
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import Outbox, QueueEntry
from tickets.models import Event, Message, Ticket
from tickets.models.event import ByTime
from tickets.timers.actions.tick import tick
from tickets.timers.actions.work import work
from tickets.timers.models import Fired, Plan, Rule

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
DAY = 24 * HOUR  # the goal of e-mail


@pytest.fixture(autouse=True)
def nobody_else_waits(db: None) -> None:
    QueueEntry.objects.all().delete()


@pytest.fixture
def mail(store_a: Store) -> Ticket:
    """An e-mail that waits since NOON."""
    return waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")


def ticks(store: Store, at: datetime) -> list[str]:
    with left():
        return sorted(clock_ticks(store, at))


def rule(cast: Cast, **more: object) -> Rule:
    plain = {"name": "nudge", "does": "nudge", "wait_s": 3600, "text_zh": "还在吗？", "text_en": "Still there?"}
    with left():
        return Rule.objects.create(**{"agency": cast.north, **plain, **more})


def bounds(cast: Cast, **more: int | None) -> None:
    with left():
        Plan.objects.create(agency=cast.north, warn_at=[50], **{"notice_at": 80, "escalate_after_min": 30, **more})


def answered(ticket: Ticket, cast: Cast, at: datetime) -> Ticket:
    ticket.refresh_from_db()
    reply_to_ticket(ticket, author=cast.ann, body="ok", client_key=f"k-{at}", seen_seq=None, now=at)
    return ticket


def test_a_wait_is_looked_at_no_earlier_than_something_can_happen(store_a: Store, mail: Ticket) -> None:
    row = entry_of(mail)
    assert row is not None
    assert row.next_at == NOON + DAY / 2
    assert ticks(store_a, NOON + DAY / 2 - SECOND) == []
    assert ticks(store_a, NOON + DAY / 2) == ["warn:50"]
    row = entry_of(mail)
    assert row is not None
    assert (row.next_at, row.next_what, row.told) == (NOON + DAY * 3 / 4, "warn:75", ["warn:50"])


def test_all_of_a_wait(store_a: Store, mail: Ticket) -> None:
    came = [what for index in range(60) for what in ticks(store_a, NOON + index * HOUR / 2)]
    assert came == ["warn:50", "warn:75", "notice", "warn:90", "breach", "escalate"]
    mail.refresh_from_db()
    assert mail.priority == 1
    assert kinds_of(mail)[-6:] == [
        *[ByTime.WARNED] * 2,
        ByTime.TOLD_OF_DELAY,
        ByTime.WARNED,
        Event.Kind.BREACHED,
        ByTime.ESCALATED,
    ]
    assert not Fired.objects.exists()


def test_word_of_delay_is_honest_and_no_answer(cast: Cast, store_a: Store, mail: Ticket) -> None:
    ticks(store_a, NOON + DAY * 0.81)
    mail.refresh_from_db()
    word = mail.messages.get(seq=mail.last_seq)
    assert (word.kind, word.author) == (Message.Kind.BOT, None)
    assert "还没有来得及回复" in word.body
    assert "分钟" not in word.body  # nothing was measured, so nothing is promised
    assert (mail.waiting_since, mail.first_response_at, mail.state) == (NOON, None, "waiting")
    row = entry_of(mail)
    assert row is not None
    assert (row.due_at, row.waiting_since) == (NOON + DAY, NOON)
    assert Outbox.objects.filter(store=store_a, message_id=word.pk).exists()


def test_word_of_delay_speaks_the_buyers_language(store_a: Store) -> None:
    ticket = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com", text="Where is my parcel?")
    ticks(store_a, NOON + DAY * 0.81)
    assert "sorry to keep you waiting" in ticket.messages.order_by("-seq")[0].body


def test_a_buyer_who_was_answered_meanwhile_is_told_of_no_delay(cast: Cast, store_a: Store, mail: Ticket) -> None:
    with left():
        tick(NOON + DAY * 0.81)
    answered(mail, cast, NOON + DAY * 0.81)
    with left():
        work(store_a, now=NOON + DAY * 0.81)
    assert ByTime.TOLD_OF_DELAY not in kinds_of(mail)
    assert not Fired.objects.exists()


def test_a_late_answer_takes_the_breach_that_nobody_has_written_yet(cast: Cast, store_a: Store, mail: Ticket) -> None:
    with left():
        tick(NOON + DAY)
    answered(mail, cast, NOON + DAY + SECOND)
    assert kinds_of(mail)[-2:] == [Event.Kind.BREACHED, Event.Kind.REPLIED]
    with left():
        work(store_a, now=NOON + DAY + 2 * SECOND)
    assert kinds_of(mail).count(Event.Kind.BREACHED) == 1


def test_a_new_question_is_warned_of_anew(cast: Cast, store_a: Store, mail: Ticket) -> None:
    assert ticks(store_a, NOON + DAY / 2) == ["warn:50"]
    answered(mail, cast, NOON + DAY / 2)
    buyer_writes("x-2", at=NOON + DAY, channel=Channel.EMAIL)
    assert ticks(store_a, NOON + DAY * 3 / 2) == ["warn:50"]


def test_closing_and_reopening_warns_of_nothing_again(cast: Cast, store_a: Store, mail: Ticket) -> None:
    assert ticks(store_a, NOON + DAY * 0.9) == ["notice", "warn:90"]
    mail.refresh_from_db()
    reopen(close(mail, by=cast.ann, now=NOON + DAY * 0.91), by=cast.ann, now=NOON + DAY * 0.92)
    assert ticks(store_a, NOON + DAY * 0.93) == []
    assert ticks(store_a, NOON + DAY) == ["breach"]


def test_a_clock_that_goes_back_and_jumps_tells_nothing_twice(store_a: Store, mail: Ticket) -> None:
    rng = random.Random(5)
    told: list[str] = []
    for _ in range(60):
        told += ticks(store_a, NOON + DAY * rng.random() * 1.1)
        if rng.random() < 0.2:  # as if a goal were edited, or a row restored
            QueueEntry.objects.filter(store=store_a).update(next_at=NOON)
    assert len(told) == len(set(told))
    assert "breach" in told


# ---------------------------------------------------------------- rules


def test_a_silent_buyer_is_nudged_and_then_let_go(cast: Cast, store_a: Store, mail: Ticket) -> None:
    rule(cast, wait_s=2 * 3600)
    rule(cast, name="let go", does="close", wait_s=5 * 3600, order=200)
    bounds(cast, silent_s=7200)
    answered(mail, cast, NOON + HOUR)
    came = [what for index in range(20) for what in ticks(store_a, NOON + HOUR + index * HOUR / 2)]
    assert [what.partition(":")[0] for what in came] == ["rule", "rule"]
    mail.refresh_from_db()
    assert mail.is_closed
    assert mail.closed_at == NOON + 6 * HOUR
    nudge = mail.messages.get(kind=Message.Kind.BOT, body="还在吗？")
    assert nudge.created_at == NOON + 3 * HOUR
    closing = mail.events.get(kind=Event.Kind.CLOSED)
    assert (closing.actor, closing.by) == (None, "rule: let go")


def test_a_buyer_who_writes_is_not_let_go(cast: Cast, store_a: Store, mail: Ticket) -> None:
    rule(cast, does="close")
    bounds(cast, silent_s=3600)
    answered(mail, cast, NOON)
    with left():
        tick(NOON + HOUR)
    buyer_writes("x-2", at=NOON + HOUR, channel=Channel.EMAIL)
    with left():
        work(store_a, now=NOON + HOUR)
    mail.refresh_from_db()
    assert not mail.is_closed


def test_a_rule_gives_a_waiting_ticket_and_another_raises_it(cast: Cast, store_a: Store, mail: Ticket) -> None:
    rule(cast, name="give", does="assign", state="waiting", wait_s=600, has="nobody", to=cast.bo)
    rule(cast, name="raise", does="priority", state="waiting", wait_s=1200, has="somebody", priority=2, order=200)
    bounds(cast, waiting_s=600)
    mail.refresh_from_db()
    assign(mail, to=None, by=cast.ann, now=NOON)
    buyer_writes("x-2", at=NOON, channel=Channel.EMAIL, customer_id="another", customer_email="c@example.com")
    assert len(ticks(store_a, NOON + 10 * MINUTE)) == 1  # the new one; the old one is looked at by its old plan
    other = Ticket.objects.latest("number")
    assert (other.assignee_id, other.priority) == (cast.bo.pk, 3)
    ticks(store_a, NOON + 20 * MINUTE)
    other.refresh_from_db()
    assert other.priority == 2


def test_a_rule_that_gives_to_somebody_who_left_harms_nothing(cast: Cast, store_a: Store, mail: Ticket) -> None:
    rule(cast, does="assign", to=cast.cy)
    bounds(cast, silent_s=3600)
    answered(mail, cast, NOON)
    for index in range(9):
        ticks(store_a, NOON + HOUR + index * SECOND)
    mail.refresh_from_db()
    assert mail.assignee_id == cast.ann.pk
    assert not Fired.objects.exists()


def test_rules_of_another_agency_touch_nothing(cast: Cast, store_a: Store, mail: Ticket) -> None:
    rule(cast, agency=cast.south, does="close", wait_s=60)
    answered(mail, cast, NOON)
    QueueEntry.objects.update(next_at=NOON)
    assert ticks(store_a, NOON + DAY) == []


# ---------------------------------------------------------------- killed

KILLED = """
import sys
import django
django.setup()
from django.db import connections
for alias in ("default", "owner"):
    connections[alias].settings_dict["NAME"] = sys.argv[1]
from tenants.clock import database_now
from tenants.context import as_operator
from tenants.models import Store
from tickets.timers.actions.tick import tick
from tickets.timers.actions.work import work
with as_operator():
    store = Store.objects.get(pk=int(sys.argv[2]))
    print("ready", flush=True)
    while True:
        tick(database_now(), store=store.pk)
        work(store, now=database_now())
"""


def a_clock(store: Store) -> subprocess.Popen[str]:
    name = default_connection.settings_dict["NAME"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", KILLED, str(name), str(store.pk)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_clocks_and_one_killed_in_the_middle_tell_each_thing_once(real_store: Store) -> None:
    """Sixty waits come due while two processes tick; one of them is killed and replaced, three times."""
    rng = random.Random(11)

    def write() -> None:
        with in_store(real_store):
            for index in range(60):
                at = timezone.now() - timedelta(hours=23, minutes=59, seconds=58 - rng.random() * 4)
                buyer_writes(
                    f"k-{index}", customer_id=f"k-{index}", customer_email="k@example.com", channel=Channel.EMAIL, at=at
                )

    in_a_thread(write)
    clocks = [a_clock(real_store), a_clock(real_store)]
    try:
        for clock in clocks:
            assert clock.stdout is not None
            assert clock.stdout.readline() == "ready\n"
        for _ in range(3):
            time.sleep(rng.random() * 0.6)
            victim = clocks.pop(0)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            clocks.append(a_clock(real_store))
        ends = time.monotonic() + 120
        while in_a_thread(lambda: told(real_store))["left"] and time.monotonic() < ends:
            time.sleep(0.2)
    finally:
        for clock in clocks:
            clock.kill()
            clock.wait()
    # A clock that came to a wait only after its end has warned of nothing, and written to nobody.
    assert in_a_thread(lambda: told(real_store)) == {"breached": 60, "twice": [], "unexplained words": 0, "left": 0}


def told(store: Store) -> dict[str, object]:
    """What was told of the sixty waits; and words to buyers that are neither an acknowledgement nor a notice."""
    with in_store(store):
        kinds = (Event.Kind.BREACHED, ByTime.WARNED, ByTime.TOLD_OF_DELAY)
        events = list(Event.objects.filter(kind__in=kinds).values_list("ticket_id", "kind", "after__share"))
        notices = [event for event in events if event[1] == ByTime.TOLD_OF_DELAY]
        bots = Message.objects.filter(kind=Message.Kind.BOT).count()
    open_things = (
        Fired.objects.filter(store=store).count()
        + QueueEntry.objects.filter(store=store, breached_at__isnull=True).count()
    )
    return {
        "breached": [kind for _, kind, _ in events].count(Event.Kind.BREACHED),
        "twice": [event for event, times in Counter(events).items() if times > 1],
        "unexplained words": bots - 60 - len(notices),
        "left": open_things,
    }
