"""snooze: out of the queue until later; back by itself, or when the buyer writes or the clock warns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import Invalid
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.conftest import Api, SignIn
from tests.scenes import buyer_writes, clock_ticks, entry_of, kinds_of, left, waiting_ticket
from tickets.actions.reply import TicketIsClosed, reply_to_ticket
from tickets.actions.snooze import snooze
from tickets.channels import Channel
from tickets.clocks.snooze import For, until
from tickets.models import Ticket
from tickets.models.event import ByTime

HOUR = timedelta(hours=1)


@pytest.fixture
def mail(store_a: Store, cast: Cast) -> Ticket:
    """An e-mail that was answered at NOON."""
    ticket = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
    reply_to_ticket(ticket, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=NOON)
    return ticket


def sleeps_until(ticket: Ticket) -> datetime | None:
    row = entry_of(ticket)
    assert row is not None
    return row.snoozed_until


def test_a_snooze_is_over_at_its_time_once(cast: Cast, store_a: Store, mail: Ticket) -> None:
    snooze(mail, until=NOON + HOUR, by=cast.ann, now=NOON)
    assert sleeps_until(mail) == NOON + HOUR
    with left():
        came = [what for index in range(5) for what in clock_ticks(store_a, NOON + HOUR / 2 * index)]
    assert came == ["wake"]
    assert kinds_of(mail)[-2:] == [ByTime.SNOOZED, ByTime.WOKEN]
    snooze(mail, until=NOON + 4 * HOUR, by=cast.ann, now=NOON + 3 * HOUR)
    with left():
        assert clock_ticks(store_a, NOON + 4 * HOUR) == ["wake"]


def test_a_buyer_who_writes_ends_it(cast: Cast, store_a: Store, mail: Ticket) -> None:
    snooze(mail, until=NOON + HOUR, by=cast.ann, now=NOON)
    buyer_writes("x-2", at=NOON + HOUR / 2, channel=Channel.EMAIL)
    assert sleeps_until(mail) is None


def test_a_clock_that_warns_ends_it(cast: Cast, store_a: Store) -> None:
    ticket = waiting_ticket(channel=Channel.EMAIL, customer_email="b@example.com")
    snooze(ticket, until=NOON + 20 * HOUR, by=cast.ann, now=NOON)
    with left():
        assert clock_ticks(store_a, NOON + 12 * HOUR) == ["warn:50"]
    assert sleeps_until(ticket) == NOON + 12 * HOUR
    with left():
        assert "wake" not in clock_ticks(store_a, NOON + 20 * HOUR)


@pytest.mark.parametrize("wrong", [NOON, NOON - HOUR, NOON + timedelta(days=61)])
def test_a_time_that_makes_no_sense_is_refused(cast: Cast, store_a: Store, mail: Ticket, wrong: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        snooze(mail, until=wrong, by=cast.ann, now=NOON)
    assert refused.value.field == "until"
    assert sleeps_until(mail) is None


def test_a_closed_ticket_does_not_sleep(cast: Cast, store_a: Store, mail: Ticket) -> None:
    mail.state = Ticket.State.CLOSED
    with pytest.raises(TicketIsClosed):
        snooze(mail, until=NOON + HOUR, by=cast.ann, now=NOON)


def test_the_desk_leaves_it_out_and_shows_it_apart(cast: Cast, sign_in: SignIn) -> None:
    desk = sign_in(cast.ann)
    before = desk.get("/desk/queue/").context["queue"].counts
    assert desk.post("/desk/store-a/1/snooze/", {"until": "1h"}).status_code == 302
    queue = desk.get("/desk/queue/").context["queue"]
    assert queue.counts["all"] == before["all"] - 1 == queue.total
    assert queue.counts["snoozed"] == 1
    apart = desk.get("/desk/queue/", {"view": "snoozed"})
    assert [(row.store.slug, row.number) for row in apart.context["queue"].rows] == [("store-a", 1)]
    assert "snoozed" in apart.content.decode()
    found = desk.get("/desk/queue/", {"view": "snoozed", "q": "parcel"}).context["queue"]
    assert [row.number for row in found.rows] == [1]
    desk.post("/desk/store-a/1/snooze/", {"until": ""})
    assert desk.get("/desk/queue/").context["queue"].counts["all"] == before["all"]


def test_by_the_api(cast: Cast, api: Api) -> None:
    client, at = api(cast.ann, agency=cast.north), timezone.now() + HOUR
    url = "/api/v1/stores/store-a/tickets/1/snooze/"
    answer = client.post(url, {"until": at.isoformat()}, content_type="application/json")
    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["snoozed_until"]) == at
    late = client.post(url, {"until": "2020-01-01T00:00:00Z"}, content_type="application/json")
    assert (late.status_code, late.json()["error"]["field"]) == (400, "until")


zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin", "UTC", "Australia/Lord_Howe"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@given(wanted=st.sampled_from(For), now=moments, zone=zones)
def test_every_preset_lies_ahead(wanted: For, now: datetime, zone: str) -> None:
    assert now < until(wanted, now, zone) <= now + timedelta(days=8)


def test_tomorrow_and_monday_are_mornings_where_the_store_is() -> None:
    friday = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # Saturday, 02:00, in Shanghai
    assert until(For.TOMORROW, friday, "Asia/Shanghai") == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert until(For.MONDAY, friday, "Asia/Shanghai") == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
