"""Cursors: a page of the queue begins where the last one ended, whatever somebody sends as one."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.errors import Invalid
from tests.cast import NOON, Cast
from tests.conftest import Api
from tests.scenes import buyer_writes, left
from tickets.cursors import FoundCursor, QueueCursor
from tickets.desk.models import QueueEntry
from tickets.queries.queue import Filters, queue_for

times = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


places = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(at=times, by_time=st.booleans(), place=places, last=times, pk=st.integers(1, 2**63 - 1))
def test_cursors_come_back_as_they_went(
    at: datetime, by_time: bool, place: float | None, last: datetime, pk: int
) -> None:
    cursor = QueueCursor(at, by_time, place, last, pk)
    assert QueueCursor.read(cursor.write()) == cursor


def test_no_cursor_is_the_beginning() -> None:
    assert QueueCursor.read("") == QueueCursor()


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


GARBAGE = [
    "x",
    "%%%",
    "ÿ",
    "AAAA",
    "=" * 9,
    encoded(None),
    encoded([]),
    encoded([1, 2]),
    encoded([1, 2, 3, 4]),
    encoded({"a": 1, "b": 2, "c": 3}),
    encoded([1, 1, "x"]),
    encoded([1, 1, None]),
    encoded([1, 1, []]),
    encoded([[], {}, 1]),
    encoded(["a", "b", 1]),
    encoded([1e300, 1, 1]),
    encoded([float("nan"), 1, 1]),
    encoded([float("inf"), 1, 1]),
    encoded([1, 1, float("inf")]),
    encoded([-(10**13), 1, 1]),
    encoded([10**30, 1, 1]),
    encoded([0, 1, 5]),
    encoded(["", 1, 5]),
    encoded([False, 1, 5]),
    encoded([True, 1, 5]),
    encoded([[], 1, 1]),
    encoded([1e17, 1, 5]),
    encoded([1, 1e17, 5]),
    encoded([None, None, 5]),
    encoded([1, None, 5]),
    encoded([1, 1, 5]),  # as cursors were before the order knew headroom
    encoded([None, False, 1, 1, 5]),
    encoded([1, 0, 1, 1, 5]),
    encoded([1, None, 1, 1, 5]),
    encoded([1, False, "1", 1, 5]),
    encoded([1, False, True, 1, 5]),
    encoded([1, False, float("nan"), 1, 5]),
    encoded([1, False, float("inf"), 1, 5]),
    encoded([1, False, 10**400, 1, 5]),
    encoded([1, False, 1, None, 5]),
    encoded([1, False, 1, 1, "x"]),
    encoded([1e17, False, 1, 1, 5]),
    encoded([0, False, 1, 1, 5]),
    base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    base64.urlsafe_b64encode(b"[1,1," + b"9" * 5000 + b"]").decode(),
]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:12])
def test_garbage_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        QueueCursor.read(text)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "text", [*GARBAGE, encoded([1, 1, 1, True]), encoded([1, 1, 1, "1"])], ids=lambda text: text[:12]
)
def test_garbage_is_refused_by_a_search_too(text: str) -> None:
    if text == encoded([1, 2, 3, 4]):
        return  # such are a search's own
    with pytest.raises(Invalid) as refused:
        FoundCursor.read(text)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("pk", [-1, 2**63, 10**30])
def test_impossible_positions_break_no_page(cast: Cast, pk: int) -> None:
    page = queue_for(cast.caller(cast.ann), Filters(cursor=encoded([1, False, 1, 1, pk])), now=NOON)
    assert page.counts["all"] == 2


@given(text=st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_arbitrary_cursors_are_read_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert isinstance(QueueCursor.read(text), QueueCursor)


def test_pages_show_each_ticket_once_in_order(cast: Cast, store_a: object) -> None:
    for index in range(7):
        buyer_writes(f"p-{index}", customer_id=f"p{index}", at=NOON + timedelta(seconds=index // 3))
    QueueEntry.objects.filter(ticket_number__gt=1, ticket_number__lt=4).update(due_at=None, clock="")
    with left():
        caller = cast.caller(cast.ann)
        whole = [(row.store.slug, row.number) for row in queue_for(caller, Filters(), now=NOON).rows]
        assert len(whole) == 9
        paged, cursor = [], ""
        for _page in range(5):
            page = queue_for(caller, Filters(cursor=cursor), now=NOON, size=2)
            paged += [(row.store.slug, row.number) for row in page.rows]
            cursor = page.next_cursor
            assert page.total == 9
    assert (paged, cursor) == (whole, "")


def test_api_refuses_garbage_with_the_same_words(cast: Cast, api: Api) -> None:
    client = api(cast.ann, agency=cast.north)
    for text in GARBAGE:
        answer = client.get("/api/v1/queue/", {"cursor": text})
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "cursor"), text[:40]
