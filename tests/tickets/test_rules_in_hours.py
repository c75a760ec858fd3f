"""An owner's rule that counts business hours waits over nights, weekends and holidays, and its preview agrees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.context import in_store
from tenants.errors import DomainError
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.scenes import clock_ticks, entry_of, waiting_ticket
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.policies.actions.set_hours import WantedDay, WantedTerms, set_hours, set_special_days
from tickets.policies.queries import forget_rules
from tickets.timers.actions.set_rules import save_rule
from tickets.timers.actions.tick import tick
from tickets.timers.models import Rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# NOON is Friday evening, eight, in Shanghai; three business hours later it is noon of Monday there.
MONDAY = NOON + 2 * DAY + 16 * HOUR
WEEK = ("09:00-18:00",) * 5 + ("",) * 2
FORM = {"name": "ask", "does": "nudge", "state": "answered", "wait": "3", "unit": "h", "order": "5", "is_on": "on",
        "in_hours": "on", "text_zh": "还在吗？"}  # fmt: skip


@pytest.fixture(autouse=True)
def office(cast: Cast) -> Iterator[None]:
    forget_rules()
    QueueEntry.objects.all().delete()
    for store in (cast.a, cast.b):
        set_hours(store, WantedTerms(NOON.date(), WEEK), by=cast.ann, now=NOON)
    yield
    forget_rules()


def save(cast: Cast, **more: Any) -> Rule:
    values = {"name": "ask", "does": "nudge", "wait_s": 3 * 3600, "in_hours": True, "text_zh": "还在吗？", **more}
    return save_rule(cast.north.pk, None, values, by=cast.ann, now=NOON)


def answered(cast: Cast, store: Store) -> Ticket:
    with in_store(store):
        found = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
        reply_to_ticket(found, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=NOON)
    return found


def next_at(store: Store, ticket: Ticket) -> datetime | None:
    with in_store(store):
        row = entry_of(ticket)
    return row and row.next_at


def test_a_weekend_is_no_waiting(cast: Cast) -> None:
    rule = save(cast)
    ticket = answered(cast, cast.a)
    assert clock_ticks(cast.a, NOON + 3 * HOUR) == []
    assert next_at(cast.a, ticket) == MONDAY
    assert clock_ticks(cast.a, MONDAY - timedelta(seconds=1)) == []
    assert clock_ticks(cast.a, MONDAY) == [f"rule:{rule.pk}"]


def test_a_holiday_that_is_entered_meanwhile_is_none_either(cast: Cast) -> None:
    rule = save(cast)
    answered(cast, cast.a)
    clock_ticks(cast.a, NOON + 3 * HOUR)
    set_special_days(cast.a, [WantedDay(date(2026, 11, 23), name="holiday")], by=cast.ann, now=NOON + 4 * HOUR)
    assert clock_ticks(cast.a, MONDAY) == []
    assert clock_ticks(cast.a, MONDAY + DAY) == [f"rule:{rule.pk}"]


def test_a_make_up_working_day_brings_it_forward(cast: Cast) -> None:
    rule = save(cast)
    ticket = answered(cast, cast.a)
    clock_ticks(cast.a, NOON + 3 * HOUR)
    sunday = WantedDay(date(2026, 11, 22), spans="09:00-18:00")
    set_special_days(cast.a, [sunday], by=cast.ann, now=NOON + 4 * HOUR)
    clock_ticks(cast.a, NOON + 5 * HOUR)  # looks at once
    assert next_at(cast.a, ticket) == MONDAY - DAY
    assert clock_ticks(cast.a, MONDAY - DAY) == [f"rule:{rule.pk}"]


def test_hours_of_all_stores_come_with_one_query_and_not_at_all_without_such_a_rule(cast: Cast) -> None:
    rule = save(cast, in_hours=False)
    for store in (cast.a, cast.b):
        answered(cast, store)

    def asked_for_hours(at: datetime) -> int:
        QueueEntry.objects.update(next_at=at)
        forget_rules()
        with CaptureQueriesContext(connection) as queries:
            tick(at)
        return sum("policies_storeterms" in query["sql"] for query in queries)

    assert asked_for_hours(NOON + HOUR) == 0
    Rule.objects.filter(pk=rule.pk).update(in_hours=True)
    assert asked_for_hours(NOON + 2 * HOUR) == 1


def test_a_wait_of_months_of_business_hours_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match="240") as refused:
        save(cast, wait_s=241 * 3600)
    assert refused.value.field == "wait"
    save(cast, wait_s=240 * 3600)


# ---------------------------------------------------------------- pages


@pytest.fixture
def lead(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def test_the_field_is_kept_shown_and_listed(cast: Cast, lead: Client) -> None:
    assert lead.post("/admin/time-rules/new/", FORM).status_code == 302
    rule = Rule.objects.get()
    assert rule.in_hours
    assert lead.get(f"/admin/time-rules/{rule.pk}/").context["form"].initial["in_hours"] is True
    assert "3 hours in business hours" in lead.get("/admin/time-rules/").text


def test_preview_counts_as_the_tick_does(cast: Cast, lead: Client) -> None:
    tickets = [(store, answered(cast, store)) for store in (cast.a, cast.b)]
    now = database_time()
    # Ten business days ago in one store; in the other the last minute.
    QueueEntry.objects.filter(store=cast.a).update(last_message_at=now - 15 * DAY)
    QueueEntry.objects.filter(store=cast.b).update(last_message_at=now - timedelta(minutes=1))
    would = lead.post("/admin/time-rules/new/", {**FORM, "do": "preview"}).context["preview"]
    assert (would.total, would.waiting) == (1, 1)
    assert would.first[0][1] == tickets[0][1].number
    # So many business hours ago, but for a snooze that ended a moment ago.
    QueueEntry.objects.filter(store=cast.a).update(snoozed_until=now - timedelta(minutes=1))
    would = lead.post("/admin/time-rules/new/", {**FORM, "do": "preview"}).context["preview"]
    assert (would.total, would.waiting) == (0, 2)


def test_preview_looks_at_hours_and_not_at_time(cast: Cast, lead: Client) -> None:
    """A store that has been closed for a month but for its first day of opening."""
    answered(cast, cast.a)
    now = database_time()
    closed = [WantedDay((now + offset * DAY).date()) for offset in range(-1, 2)]
    set_special_days(cast.a, closed, by=cast.ann, now=now - 2 * DAY)
    QueueEntry.objects.filter(store=cast.a).update(last_message_at=now - 20 * HOUR)
    would = lead.post("/admin/time-rules/new/", {**FORM, "do": "preview"}).context["preview"]
    assert (would.total, would.waiting) == (0, 1)
    without = {**FORM, "do": "preview", "in_hours": ""}
    assert lead.post("/admin/time-rules/new/", without).context["preview"].total == 1


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
    return found
