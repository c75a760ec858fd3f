"""The desk's order over stores: how little headroom counts, pages while time passes, a person's own choice, reasons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.context import in_store
from tenants.errors import Invalid, NotFound
from tenants.models import Store
from tests.cast import NOON, NORTH_HOST, Cast
from tests.conftest import Api, SignIn
from tests.scenes import buyer_writes
from tickets.actions.presence import order_desk
from tickets.clocks.urgency import weight_of
from tickets.desk.models import Presence, QueueEntry
from tickets.queries.order import pressing_at, pressing_of
from tickets.queries.presence import presence_of
from tickets.queries.queue import Filters, queue_for
from tickets.queries.why import why_here_for
from tickets.reasons import goal_of, reason_of, roughly, stake_of, time_of
from tickets.score.models import StoreScore
from tickets.score.queries.scores import Tightest, headroom_of, tightest_of

A_HOST = "store-a.localhost"
Place = tuple[str, int]


def has_left(store: Store, headroom: int | None, *, policy: str = "tmall_human_3min", standing: str = "close") -> None:
    about: dict[str, Any] = {"day": NOON.date(), "until": NOON, "counted": 200, "missed": 9, "excluded": 0}
    StoreScore.objects.create(store=store, policy=policy, headroom=headroom, standing=standing, **about)


def waits(store: Store, minutes: float | None) -> Place:
    """A new ticket of the store, due in so many minutes from noon; None: nobody waits."""
    count = QueueEntry.objects.count()
    with in_store(store):
        number = buyer_writes(f"{store.slug}-{count}", customer_id=f"o{count}").ticket_number
    due = None if minutes is None else NOON + timedelta(minutes=minutes)
    about = {"waiting_since": None, "clock": ""} if due is None else {"due_why": "policy:tmall_human_3min:180"}
    QueueEntry.objects.filter(store=store, ticket_number=number).update(due_at=due, **about)
    return store.slug, number


@pytest.fixture
def bare(cast: Cast) -> Cast:
    """Stores without a ticket that waits."""
    QueueEntry.objects.all().delete()
    return cast


def places(cast: Cast, *, now: datetime = NOON, **asked: str) -> list[Place]:
    return [(row.store.slug, row.number) for row in queue_for(cast.caller(cast.ann), Filters(**asked), now=now).rows]


def test_the_tighter_store_comes_first_though_its_time_is_longer(bare: Cast) -> None:
    has_left(bare.a, 2)
    easy, tight, none = waits(bare.b, 5), waits(bare.a, 9), waits(bare.a, None)
    assert places(bare) == [tight, easy, none]
    assert places(bare, order="time") == [easy, tight, none]


def test_without_headroom_it_is_by_time(bare: Cast) -> None:
    late, soon, later = waits(bare.b, -3), waits(bare.a, 5), waits(bare.b, 9)
    assert places(bare) == [late, soon, later]


def test_overdue_comes_first_the_tightest_before_the_longest(bare: Cast) -> None:
    has_left(bare.a, 0)
    left, long, short = waits(bare.a, 0.1), waits(bare.b, -8), waits(bare.a, -1)
    assert places(bare) == [short, long, left]
    assert queue_for(bare.caller(bare.ann), Filters(), now=NOON).most_pressing is not None


def test_one_store_stays_in_the_order_of_its_due_times(bare: Cast) -> None:
    has_left(bare.a, 1)
    wanted = [waits(bare.a, minutes) for minutes in (-40, -2, 1, 2, 90, 3000)]
    assert places(bare) == wanted == places(bare, store="store-a")


@pytest.mark.parametrize("order", ["", "time"])
def test_pages_neither_repeat_nor_lose_while_time_passes(bare: Cast, order: str) -> None:
    """Between the pages five minutes go by each time: what was to come has become overdue meanwhile."""
    has_left(bare.a, 1)
    for minutes in (-30, -2, 1, 3, 4, 6, 8, 12, 30, None):
        waits(bare.a, minutes)
        waits(bare.b, minutes)
    whole = places(bare, order=order)
    caller, cursor, paged, now = bare.caller(bare.ann), "", [], NOON
    for _page in range(7):
        page = queue_for(caller, Filters(cursor=cursor, order=order), now=now, size=3)
        paged += [(row.store.slug, row.number) for row in page.rows]
        cursor, now = page.next_cursor, now + timedelta(minutes=5)
    assert (paged, cursor, len(whole)) == (whole, "", 20)


@pytest.mark.parametrize("view", ["overdue", "snoozed"])
def test_pages_of_a_view_are_of_one_moment(bare: Cast, view: str) -> None:
    for minutes in (-9, -8, -7, -6, 2, 3):
        waits(bare.a, minutes)
    until = {"snoozed_until": NOON + timedelta(minutes=4)} if view == "snoozed" else {}
    QueueEntry.objects.filter(due_at__lte=NOON).update(priority=2, **until)
    caller = bare.caller(bare.ann)
    first = queue_for(caller, Filters(view=view), now=NOON, size=3)
    then = queue_for(caller, Filters(view=view, cursor=first.next_cursor), now=NOON + timedelta(minutes=5), size=3)
    assert (len(first.rows), len(then.rows), then.next_cursor) == (3, 1, "")


def test_a_cursor_keeps_the_order_that_it_began_with(bare: Cast) -> None:
    has_left(bare.a, 0)
    waits(bare.b, 5), waits(bare.a, 9), waits(bare.b, 10)
    caller = bare.caller(bare.ann)
    first = queue_for(caller, Filters(order="time"), now=NOON, size=1)
    rest = queue_for(caller, Filters(cursor=first.next_cursor), now=NOON, size=5)
    assert [row.number for row in (*first.rows, *rest.rows)] == [n for _slug, n in places(bare, order="time")]


def test_no_other_order_than_those_two() -> None:
    with pytest.raises(Invalid) as refused:
        Filters.asked({"order": "random"})
    assert refused.value.field == "order"


@given(us=st.integers(-(10**13), 10**13), headroom=st.none() | st.integers(-50, 500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_sql_and_python_say_the_same_to_the_last_bit(cast: Cast, us: int, headroom: int | None) -> None:
    weight = weight_of(headroom)
    due = NOON + timedelta(microseconds=us)
    QueueEntry.objects.filter(store=cast.a).update(due_at=due)
    found = QueueEntry.objects.filter(store=cast.a).annotate(pressing=pressing_at(NOON, {cast.a.pk: weight, -1: 0.5}))
    assert found.values_list("pressing", flat=True)[0] == pressing_of(due, NOON, weight)


def test_of_a_stores_policies_the_tightest_that_judges_it_counts(cast: Cast) -> None:
    has_left(cast.a, 12)
    has_left(cast.a, 4, policy="tmall_mean")
    has_left(cast.a, -9, policy="widget_chat", standing="exempt")
    has_left(cast.a, None, policy="email_day", standing="safe")
    assert tightest_of([cast.a.pk, cast.b.pk]) == {cast.a.pk: Tightest("tmall_mean", 4)}
    assert headroom_of([cast.a.pk, cast.b.pk]) == {cast.a.pk: 4, cast.b.pk: None}


def test_a_page_costs_the_same_for_any_number_of_stores(bare: Cast) -> None:
    has_left(bare.a, 3)
    has_left(bare.b, 3)
    waits(bare.a, 1), waits(bare.b, 2)
    costs = []
    for person in (bare.bo, bare.ann):  # one store, two stores
        caller = bare.caller(person)
        with CaptureQueriesContext(connection) as queries:
            queue_for(caller, Filters(), now=NOON)
        costs.append(len([query for query in queries if "set_config" not in query["sql"]]))  # to and from a place
    assert costs == [6, 6]


# ---------------------------------------------------------------- reasons

TIGHT = Tightest("tiktok_shop_th", 3)


@pytest.mark.parametrize(
    ("language", "left", "why", "tightest", "line"),
    [
        ("en", 250, "policy:tiktok_shop_th:43200", TIGHT, "4 min to the 12-h reply · TikTok Shop TH: 3 misses left"),
        ("en", -250, "goal:first_reply:300", None, "4 min past the 5-min reply"),
        ("en", 41, "goal:chat_first:30", Tightest("tmall_mean", 1), "41 s to the 30-s reply · Tmall: 1 miss left"),
        ("en", 3700, "", Tightest("tmall_mean", 0), "1 h 1 min to the reply · Tmall: no miss left"),
        ("en", 5, "goal:own:3960", Tightest("x", -4), "5 s to the 66-min reply · x: below target"),
        ("zh-hans", 250, "policy:tiktok_shop_th:43200", TIGHT, "12 小时回复还剩 4 分钟 · TikTok Shop 泰国：余量 3 次"),
        ("zh-hans", -250, "goal:first_reply:300", Tightest("tmall_mean", 0), "5 分钟回复已超 4 分钟 · 天猫：余量 0 次"),
    ],
)
def test_the_line_in_words(language: str, left: float, why: str, tightest: Tightest | None, line: str) -> None:
    with translation.override(language):
        assert reason_of(time_of(left, why, waits=True), stake_of(tightest)) == line


def test_lines_of_what_runs_out_nowhere() -> None:
    assert time_of(None, "", waits=False) == "Answered: nobody waits for us"
    assert time_of(None, "", waits=True) == "No goal is set for this wait"
    assert (goal_of("nonsense"), roughly(90000)) == ("the reply", "1 day")


def test_rows_say_why_they_stand_there(bare: Cast) -> None:
    has_left(bare.a, 3)
    waits(bare.a, 4), waits(bare.b, 40), waits(bare.a, None)
    rows = queue_for(bare.caller(bare.ann), Filters(), now=NOON).rows
    assert [row.reason for row in rows] == [
        "4 min to the 3-min reply · Tmall: 3 misses left",
        "40 min to the 3-min reply",
        "Answered: nobody waits for us",
    ]
    by_time = queue_for(bare.caller(bare.ann), Filters(order="time"), now=NOON).rows
    assert by_time[0].reason == "4 min to the 3-min reply"  # what does not count is no reason


def test_why_here_in_full(bare: Cast, sign_in: SignIn) -> None:
    has_left(bare.a, 0)
    _slug, number = waits(bare.a, 10)
    why = why_here_for(bare.a, number, now=NOON)
    assert (why.left, why.weight, why.weighs, why.is_over) == ("10 min", 0.1, "1 min", False)
    assert why.policy.startswith("Tmall")
    page = sign_in(bare.ann).get(f"/desk/store-a/{number}/why/").content.decode()
    assert ("no miss left" in page, "0.10" in page) == (True, True)
    with pytest.raises(NotFound):
        why_here_for(bare.b, number + 99, now=NOON)


def test_rest_lists_in_the_same_order_and_says_why(bare: Cast, api: Api) -> None:
    has_left(bare.a, 2)
    easy, tight = waits(bare.b, 10**6), waits(bare.a, 10**6 + 60)  # minutes, from a noon that lies ahead or behind
    client = api(bare.ann, agency=bare.north)
    rows = client.get("/api/v1/queue/").json()["results"]
    assert [(row["store"], row["number"]) for row in rows] == [tight, easy]
    assert rows[0]["due_why"] == "policy:tmall_human_3min:180"
    assert rows[0]["reason"].endswith("to the 3-min reply · Tmall: 2 misses left")
    by_time = client.get("/api/v1/queue/", {"order": "time"}).json()["results"]
    assert [(row["store"], row["number"]) for row in by_time] == [easy, tight]
    assert client.get("/api/v1/queue/", {"order": "x"}).json()["error"]["field"] == "order"


# ---------------------------------------------------------------- a person's own order


def test_a_persons_order_is_remembered_for_them_alone(bare: Cast, sign_in: SignIn) -> None:
    has_left(bare.a, 2)
    easy, tight = waits(bare.b, 10**6), waits(bare.a, 10**6 + 60)
    ann = sign_in(bare.ann)
    assert ann.post("/desk/order/", {"order": "time"}, headers={"HX-Request": "true"}).status_code == 204

    def seen(person: Any) -> list[Place]:
        rows = sign_in(person).get("/desk/queue/").context["queue"].rows
        return [(row.store.slug, row.number) for row in rows]

    assert seen(bare.ann) == [easy, tight]
    assert seen(bare.bo) == [tight]
    assert ann.post("/desk/order/", {"order": "pressing"}).status_code == 302
    assert seen(bare.ann) == [tight, easy]


def test_an_unknown_order_is_refused_by_name_and_kept_by_nobody(cast: Cast, sign_in: SignIn) -> None:
    refused = sign_in(cast.ann).post("/desk/order/", {"order": "x"}, headers={"HX-Request": "true"})
    assert (refused.status_code, b"order" in refused.content) == (400, True)
    assert not Presence.objects.filter(by_time=True).exists()


def test_choosing_an_order_leaves_presence_as_it_was(cast: Cast) -> None:
    caller = cast.caller(cast.bo, NORTH_HOST)
    order_desk(caller, by_time=True, now=NOON)
    mine = presence_of(caller)
    assert mine is not None
    assert (mine.status, mine.by_time) == ("online", True)


def test_a_stores_host_has_no_order_to_choose(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.di, A_HOST).post("/desk/order/", {"order": "time"}).status_code == 404
    assert 'id="queue-order"' not in sign_in(cast.di, A_HOST).get("/").content.decode()
    assert 'id="queue-order"' in sign_in(cast.bo).get("/").content.decode()
