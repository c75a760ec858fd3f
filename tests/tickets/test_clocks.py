"""The pure clocks: how long a buyer may wait, and what they may be told about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import NOON, Cast
from tests.scenes import buyer_writes
from tickets.actions.reply import reply_to_ticket
from tickets.clocks.wait import LEAST_SAMPLES, STEPS, expected_wait
from tickets.models import Message, Ticket
from tickets.queries.wait import expected_wait_now

MINUTE = timedelta(minutes=1)
waits = st.none() | st.timedeltas(timedelta(0), timedelta(days=30))


@given(samples=st.integers(0, 500), answered=waits, waiting=waits)
def test_what_is_told_is_never_less_than_what_was_measured(
    samples: int, answered: timedelta | None, waiting: timedelta | None
) -> None:
    told = expected_wait(samples=samples, answered=answered, waiting=waiting)
    if told is None:
        return
    assert told in STEPS
    assert answered is not None
    assert told >= max(answered, waiting or timedelta(0))
    assert samples >= LEAST_SAMPLES


@given(
    longer=st.timedeltas(timedelta(0), timedelta(hours=1)), answered=st.timedeltas(timedelta(0), timedelta(hours=22))
)
def test_longer_wait_is_never_told_as_a_shorter_one(longer: timedelta, answered: timedelta) -> None:
    before = expected_wait(samples=9, answered=answered, waiting=None)
    after = expected_wait(samples=9, answered=answered + longer, waiting=None)
    assert before is not None
    assert after is not None
    assert after >= before


@pytest.mark.parametrize(
    ("samples", "answered", "waiting"),
    [(2, MINUTE, None), (0, None, None), (9, None, MINUTE), (9, timedelta(hours=25), None)],
)
def test_nothing_is_told_where_nothing_true_can_be(
    samples: int, answered: timedelta | None, waiting: timedelta | None
) -> None:
    assert expected_wait(samples=samples, answered=answered, waiting=waiting) is None


# ---------------------------------------------------------------- measured in a store


def answered_after(cast: Cast, name: str, wait: timedelta, *, at: object = NOON) -> None:
    got = buyer_writes(f"w-{name}", customer_id=name, at=at)  # type: ignore[arg-type]
    ticket = Ticket.objects.get(pk=got.ticket_number)
    reply_to_ticket(ticket, author=cast.ann, body="ok", client_key="k", seen_seq=None, now=at + wait)  # type: ignore[operator]


@pytest.fixture
def quiet_store(store_a: object) -> None:
    """Nobody waits from before."""
    Ticket.objects.all().update(state="closed")


def test_wait_is_measured_over_the_last_hour(cast: Cast, quiet_store: None) -> None:
    for index in range(4):
        answered_after(cast, f"b{index}", timedelta(minutes=4), at=NOON)
    now = NOON + timedelta(minutes=10)
    assert expected_wait_now("tmall", now) == timedelta(minutes=5)
    assert expected_wait_now("tmall", now + timedelta(hours=1)) is None


def test_acknowledgement_tells_it(cast: Cast, quiet_store: None) -> None:
    for index in range(4):
        answered_after(cast, f"b{index}", timedelta(minutes=4), at=NOON)
    got = buyer_writes("new", at=NOON + timedelta(minutes=10), customer_id="new")
    assert "5分钟内" in Message.objects.get(ticket=got.ticket_number, kind="bot").body


def test_desk_that_fell_behind_does_not_go_on_promising(cast: Cast, quiet_store: None) -> None:
    for index in range(3):
        answered_after(cast, f"b{index}", timedelta(seconds=20), at=NOON)
    for index in range(10):
        buyer_writes(f"s-{index}", customer_id=f"s{index}", at=NOON)
    told = expected_wait_now("tmall", NOON + timedelta(minutes=40))
    assert told is None or told >= timedelta(minutes=40)


def test_those_who_wait_since_long_ago_count_too(cast: Cast, quiet_store: None) -> None:
    """Three lucky ones are answered at once while fifty wait since morning: "most buyers had an answer within a
    minute" is then untrue, and a buyer is never told something untrue about the wait."""
    for index in range(50):
        buyer_writes(f"s-{index}", customer_id=f"s{index}", at=NOON - timedelta(hours=3))
    for index in range(3):
        answered_after(cast, f"b{index}", timedelta(seconds=20), at=NOON)
    told = expected_wait_now("tmall", NOON + timedelta(minutes=1))
    assert told is None or told >= timedelta(hours=3)
