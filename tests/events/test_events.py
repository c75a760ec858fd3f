"""Events begin and end once: people are lent and go back, alarms are tighter, buyers are told; and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tenants.context import in_store
from tenants.errors import Conflict, DomainError, Invalid, NotFound
from tenants.models import Assignment, Membership, Store, User
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.certification.scenes import make_exam, passes
from tests.chat.test_take_back import at_desk, chat, holder
from tests.conftest import SignIn
from tests.events.conftest import HOUR, MINUTE, Made
from tests.replies import a_reply
from tests.scenes import buyer_writes, clock_ticks, entry_of
from tickets.actions.assign import assign
from tickets.channels import Channel
from tickets.clocks.happenings import Kind
from tickets.clocks.timers import Plan
from tickets.desk.models import QueueEntry
from tickets.events.actions import release, spikes
from tickets.events.actions.follow import follow
from tickets.events.actions.set_event import Wanted, remove_event, save_event, stop_event
from tickets.events.models import Lent, LiveEvent, Spike
from tickets.events.queries import under_way
from tickets.events.queries.running import events_between, live_in
from tickets.models import Message, Ticket
from tickets.roster.actions.shifts import add_shifts
from tickets.roster.queries.duty import on_duty
from tickets.roster.queries.week import week_of
from tickets.routing.actions.give import give_waiting
from tickets.score.models import Happening


@pytest.fixture
def eva(cast: Cast) -> User:
    """An agent of North who has store B alone."""
    user = User.objects.create_user("eva@example.com", "x", name="Eva")
    Membership.objects.create(user=user, agency=cast.north, role="agent")
    Assignment.objects.create(user=user, store=cast.b, role="agent", alias="Eve")
    return user


def has(person: User, store: Store) -> bool:
    return Assignment.objects.filter(user=person, store=store).exists()


def again(event: LiveEvent) -> LiveEvent:
    return LiveEvent.objects.get(pk=event.pk)


# ---------------------------------------------------------------- begin, lend, end


def test_it_begins_and_ends_once_and_lends_for_its_time(quiet: Cast, event: Made, eva: User) -> None:
    one = event(people=(eva.pk, quiet.bo.pk))
    assert follow(NOON) == 0
    assert under_way([quiet.a.pk], NOON) == {}
    assert follow(NOON + HOUR) == 1
    assert follow(NOON + HOUR) == 0
    assert has(eva, quiet.a)
    running = under_way([quiet.a.pk, quiet.b.pk], NOON + HOUR)
    assert running.keys() == {quiet.a.pk}
    found = running[quiet.a.pk]
    assert (found.event, found.multiplier, found.alarm_share) == (one.pk, 3, 50)
    assert follow(NOON + 3 * HOUR) == 1
    assert follow(NOON + 3 * HOUR) == 0
    assert not has(eva, quiet.a)
    assert has(eva, quiet.b), "their own stores stay theirs"
    assert has(quiet.bo, quiet.a), "he had it before: it was not lent"
    assert again(one).ended_at == NOON + 3 * HOUR


def test_what_somebody_gave_meanwhile_is_not_taken(quiet: Cast, event: Made, eva: User) -> None:
    event(people=(eva.pk,))
    follow(NOON + HOUR)
    Assignment.objects.filter(user=eva, store=quiet.a).delete()
    Assignment.objects.create(user=eva, store=quiet.a, role="agent")
    follow(NOON + 3 * HOUR)
    assert has(eva, quiet.a)


def test_tickets_of_who_goes_back_return_to_the_queue(quiet: Cast, event: Made, eva: User) -> None:
    event(people=(eva.pk,))
    follow(NOON + HOUR)
    with in_store(quiet.a):
        ticket = Ticket.objects.select_for_update().get(pk=buyer_writes(at=NOON + HOUR).ticket_number)
        assign(ticket, to=eva, by=quiet.ann, now=NOON + HOUR)
    follow(NOON + 3 * HOUR)
    with in_store(quiet.a):
        assert Ticket.objects.get(pk=ticket.pk).assignee_id is None
    assert Lent.objects.get(person=eva).released_at == NOON + 3 * HOUR


def test_its_history_says_why_a_ticket_is_open_to_all_again(
    quiet: Cast, event: Made, eva: User, sign_in: SignIn
) -> None:
    event(people=(eva.pk,))
    follow(NOON + HOUR)
    with in_store(quiet.a):
        ticket = Ticket.objects.select_for_update().get(pk=buyer_writes(at=NOON + HOUR).ticket_number)
        assign(ticket, to=eva, by=quiet.ann, now=NOON + HOUR)
    follow(NOON + 3 * HOUR)
    page = sign_in(quiet.ann).get(f"/desk/store-a/{ticket.pk}/").content.decode()
    assert "Eva, who was lent, went back" in page


def test_a_store_in_trouble_keeps_nobody_elses_tickets(
    quiet: Cast, event: Made, eva: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = event(), event(store=quiet.b.pk)
    for of, person in ((one, eva), (one, quiet.bo), (two, eva)):
        Lent.objects.create(
            store_id=of.store_id, event=of, person=person, added_assignment=1, over_at=NOON + of.pk * MINUTE
        )

    def troubled(store: Store, person: int, *, now: datetime) -> None:
        if store.pk == quiet.a.pk:
            raise DatabaseError

    monkeypatch.setattr(release, "_release", troubled)
    monkeypatch.setattr(release, "AT_ONCE", 2)
    assert release.release_due(NOON + HOUR) == 1
    assert Lent.objects.get(event=two).released_at


def test_who_is_lent_can_be_planned_there_for_its_time(quiet: Cast, event: Made, eva: User) -> None:
    def plan(hour: int) -> None:
        day = NOON.date()  # 20:00 in Shanghai
        add_shifts(
            quiet.north.pk, person=eva.pk, store=quiet.a.pk, days=[day], begins=hour * 60, ends=hour * 60 + 60,
            time_zone="Asia/Shanghai", by=quiet.ann, now=NOON - HOUR,
        )  # fmt: skip

    def shown() -> set[int]:
        monday = NOON.date() - timedelta(days=NOON.weekday())
        week = week_of(quiet.north.pk, monday=monday, time_zone="Asia/Shanghai", stores=[], store=quiet.a.pk)
        return {line.person for line in week}

    one = event(people=(eva.pk,))
    assert eva.pk in shown()
    plan(22)
    for hour in (9, 20):
        with pytest.raises(Invalid):
            plan(hour)
    follow(NOON + HOUR)
    assert eva.pk not in on_duty(quiet.a.pk, NOON + HOUR)
    assert eva.pk in on_duty(quiet.a.pk, NOON + 2 * HOUR)
    stop_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON + 2 * HOUR)
    assert eva.pk not in on_duty(quiet.a.pk, NOON + 2 * HOUR)
    with pytest.raises(Invalid):
        plan(21)
    assert eva.pk not in shown()


def test_who_is_lent_and_certified_is_given_its_chats(quiet: Cast, event: Made, eva: User) -> None:
    event(people=(eva.pk,))
    exam = make_exam(quiet)
    for person in (eva, quiet.bo):
        at_desk(quiet, person, at=NOON + HOUR)
    follow(NOON + HOUR)
    number = chat(quiet, "v:1", at=NOON + HOUR)
    rung = NOON + HOUR + timedelta(seconds=11)
    assert give_waiting(rung) == 0
    passes(exam, eva, NOON + HOUR)
    assert give_waiting(rung) == 1
    assert holder(quiet, number) == eva.pk
    follow(NOON + 3 * HOUR)
    assert holder(quiet, number) is None


def test_an_outage_over_all_of_it_lends_nobody(quiet: Cast, event: Made, eva: User) -> None:
    one = event(people=(eva.pk,))
    assert follow(NOON + 9 * HOUR) == 1
    assert (again(one).begun_at, again(one).ended_at) == (None, NOON + 9 * HOUR)
    assert not has(eva, quiet.a)


def test_a_suspended_store_begins_nothing_and_ends_what_it_had(quiet: Cast, event: Made, eva: User) -> None:
    one = event(people=(eva.pk,))
    Store.objects.filter(pk=quiet.a.pk).update(state=Store.State.SUSPENDED)
    assert follow(NOON + HOUR) == 0
    Store.objects.filter(pk=quiet.a.pk).update(state=Store.State.OPEN)
    assert follow(NOON + HOUR) == 1
    Store.objects.filter(pk=quiet.a.pk).update(state=Store.State.SUSPENDED)
    assert follow(NOON + 3 * HOUR) == 1
    assert again(one).ended_at
    assert not has(eva, quiet.a)


def test_the_next_one_begins_in_the_second_in_which_one_ends(quiet: Cast, event: Made) -> None:
    event()
    second = event(name="Second", begins_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR)
    follow(NOON + HOUR)
    assert follow(NOON + 3 * HOUR) == 2
    assert under_way([quiet.a.pk], NOON + 3 * HOUR)[quiet.a.pk].event == second.pk


def test_one_that_is_ended_after_its_end_leaves_the_next_its_time(quiet: Cast, event: Made) -> None:
    """No clock has run since before it was over."""
    one = event()
    follow(NOON + HOUR)
    event(name="Second", begins_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR)
    stop_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON + 3 * HOUR + MINUTE)
    assert (again(one).ends_at, again(one).ended_at) == (NOON + 3 * HOUR, NOON + 3 * HOUR)


def test_the_next_one_waits_for_an_end_that_no_clock_has_seen(quiet: Cast, event: Made) -> None:
    event()
    follow(NOON + HOUR)
    late = NOON + 3 * HOUR + MINUTE
    second = event(name="Second", begins_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR, at=late)
    assert second.begun_at is None
    assert follow(late) == 2
    assert again(second).begun_at == late


def test_one_that_was_removed_in_another_tab_is_not_there(quiet: Cast, event: Made) -> None:
    one = event()
    remove_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON)
    with pytest.raises(NotFound):
        remove_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON)


def test_one_that_should_run_already_begins_at_once_and_people_come_and_go(quiet: Cast, event: Made, eva: User) -> None:
    one = event(at=NOON + 2 * HOUR)
    assert one.begun_at == NOON + 2 * HOUR
    wanted = Wanted(quiet.b.pk, one.name, NOON, one.ends_at + HOUR)
    later = save_event(quiet.north.pk, one, wanted, people=[eva.pk], by=quiet.ann, now=NOON + 2 * HOUR)
    assert has(eva, quiet.a)
    assert (later.store_id, later.begins_at) == (quiet.a.pk, NOON + HOUR), "they are settled"
    save_event(quiet.north.pk, one, wanted, people=[], by=quiet.ann, now=NOON + 2 * HOUR)
    assert not has(eva, quiet.a)
    save_event(quiet.north.pk, one, wanted, people=[eva.pk], by=quiet.ann, now=NOON + 2 * HOUR)
    assert has(eva, quiet.a)
    stop_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON + 2 * HOUR + MINUTE)
    assert not has(eva, quiet.a)
    assert again(one).ends_at == NOON + 2 * HOUR + MINUTE
    with pytest.raises(Conflict):
        save_event(quiet.north.pk, one, wanted, people=[], by=quiet.ann, now=NOON + 3 * HOUR)


def test_one_that_has_begun_is_ended_and_not_removed(quiet: Cast, event: Made, eva: User) -> None:
    one = event(people=(eva.pk,))
    with pytest.raises(Conflict):
        stop_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON)
    follow(NOON + HOUR)
    with pytest.raises(Conflict):
        remove_event(one, agency_id=quiet.north.pk, by=quiet.ann, now=NOON + HOUR)
    assert has(eva, quiet.a)
    two = event(begins_at=NOON + 5 * HOUR, ends_at=NOON + 6 * HOUR)
    remove_event(two, agency_id=quiet.north.pk, by=quiet.ann, now=NOON)
    assert LiveEvent.objects.count() == 1


def test_more_stores_cost_no_more(quiet: Cast, event: Made) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            follow(NOON + 2 * HOUR)
        return len(queries)

    assert cost() == 5
    event()
    event(store=quiet.b.pk)
    assert cost() == 5


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"kind": "party"}, "kind"),
        ({"ends_at": NOON}, "ends"),
        ({"begins_at": NOON - 3 * HOUR, "ends_at": NOON - HOUR}, "ends"),
        ({"ends_at": NOON + timedelta(days=30)}, "ends"),
        ({"begins_at": NOON + timedelta(days=900), "ends_at": NOON + timedelta(days=901)}, "begins"),
        ({"multiplier": 0.5}, "multiplier"),
        ({"multiplier": 21}, "multiplier"),
        ({"multiplier": float("nan")}, "multiplier"),
        ({"alarm_share": 5}, "alarm_share"),
        ({"alarm_share": 101}, "alarm_share"),
        ({"pack": "no such folder"}, "pack"),
        ({"ack_zh": "您好，我们3分钟内回复您"}, "ack_zh"),
        ({"ack_zh": "您好，马上回复您"}, "ack_zh"),
        ({"ack_en": "We answer within five minutes."}, "ack_en"),
        ({"ack_en": "We answer immediately."}, "ack_en"),
        ({"ack_en": "x" * 301}, "ack_en"),
        ({"begins_at": NOON + 2 * HOUR, "ends_at": NOON + 4 * HOUR}, "begins"),
    ],
)
def test_what_is_refused_names_its_field(quiet: Cast, event: Made, more: dict[str, Any], field: str) -> None:
    event()
    rest = {"begins_at": NOON + 5 * HOUR, "ends_at": NOON + 6 * HOUR}
    with pytest.raises(DomainError) as refused:
        event(**{**rest, **more})
    assert refused.value.field == field
    assert LiveEvent.objects.count() == 1


def test_another_store_or_another_agencys_person_is_refused(quiet: Cast, event: Made) -> None:
    for more in ({"store": quiet.c.pk}, {"people": (quiet.cy.pk,)}, {"people": (quiet.ann.pk,)}):
        with pytest.raises(Invalid):
            event(**more)
    event(store=quiet.a.pk)
    event(store=quiet.b.pk)


# ---------------------------------------------------------------- tighter alarms


def test_a_plan_is_tightened_and_says_nothing_twice() -> None:
    assert Plan().tightened(50).warn_at == (25, 38, 45)
    assert Plan().tightened(100) == Plan()
    assert Plan(warn_at=(1, 2, 90)).tightened(10).warn_at == (1, 9)
    assert Plan(warn_at=()).tightened(10).first_share == 80


def waits(store: Store, at: datetime) -> tuple[int, datetime, datetime]:
    """A buyer writes: the ticket, when we look at it, when it is due."""
    with in_store(store):
        number = buyer_writes(f"w{at}", at=at, customer_id=f"w{at}", channel=Channel.EMAIL).ticket_number
        entry = entry_of(Ticket.objects.get(pk=number))
        assert entry is not None
        assert entry.next_at is not None
        assert entry.due_at is not None
        return number, entry.next_at, entry.due_at


def test_a_new_wait_is_looked_at_earlier_while_it_runs(quiet: Cast, event: Made) -> None:
    _number, before, due = waits(quiet.a, NOON)
    assert before - NOON == (due - NOON) / 2
    event()
    follow(NOON + HOUR)
    at = NOON + HOUR
    _number, next_at, due = waits(quiet.a, at)
    assert next_at - at == (due - at) / 4
    _number, elsewhere, due = waits(quiet.b, at)
    assert elsewhere - at == (due - at) / 2


def test_a_wait_that_was_written_while_it_began_is_looked_at_in_time(quiet: Cast, event: Made) -> None:
    """What a verb writes whose statement began before the event did, and ended after it."""
    number, _early, due = waits(quiet.a, NOON + HOUR)
    entries = QueueEntry.objects.filter(store=quiet.a, ticket_number=number)
    usual = entries.get().next_at
    event()
    follow(NOON + HOUR)
    entries.update(next_at=usual)
    soon = NOON + HOUR + timedelta(seconds=1)
    follow(soon)
    assert entries.get().next_at == soon
    clock_ticks(quiet.a, soon)
    assert entries.get().next_at == NOON + HOUR + (due - NOON - HOUR) * 0.25 < usual
    before = entries.get().next_at
    follow(soon + timedelta(seconds=1))
    assert entries.get().next_at == before, "once"


def test_it_holds_at_once_for_who_waits_already_and_warns_once(quiet: Cast, event: Made) -> None:
    number, _next_at, due = waits(quiet.a, NOON + HOUR - 2 * MINUTE)
    length = due - (NOON + HOUR - 2 * MINUTE)
    event()
    entries = QueueEntry.objects.filter(store=quiet.a, ticket_number=number)
    late = NOON + HOUR - 2 * MINUTE + length * 0.3
    follow(NOON + HOUR)
    assert entries.get().next_at == NOON + HOUR
    assert clock_ticks(quiet.a, late) == ["warn:25"]
    assert clock_ticks(quiet.a, late) == []
    follow(NOON + 3 * HOUR)
    then = NOON + HOUR - 2 * MINUTE + length * 0.51
    entries.update(next_at=then)
    assert clock_ticks(quiet.a, then) == ["warn:50"], "the usual one again, once it is over"
    assert entries.get().told == ["warn:25", "warn:50"]


# ---------------------------------------------------------------- what buyers are told


def told(store: Store, key: str, text: str, at: datetime) -> str:
    with in_store(store):
        number = buyer_writes(key, text, customer_id=key, at=at).ticket_number
        return Message.objects.get(ticket=number, kind=Message.Kind.BOT).body


def test_the_automatic_word_says_that_it_is_live(quiet: Cast, event: Made) -> None:
    event(ack_en="We are live and answer in turn.")
    assert "直播" not in told(quiet.a, "before", "在吗？", NOON)
    follow(NOON + HOUR)
    assert "正在直播" in told(quiet.a, "zh", "在吗？", NOON + HOUR)
    assert told(quiet.a, "en", "Are you there?", NOON + HOUR).startswith("We are live and answer in turn.")
    assert "直播" not in told(quiet.b, "b", "在吗？", NOON + HOUR)
    follow(NOON + 3 * HOUR)
    assert "直播" not in told(quiet.a, "after", "在吗？", NOON + 3 * HOUR)


def test_it_is_no_human_reply_and_names_only_what_was_measured(quiet: Cast, event: Made) -> None:
    event(ack_zh="直播中，按顺序回复您。")
    follow(NOON + HOUR)
    word = told(quiet.a, "zh", "在吗？", NOON + HOUR)
    assert word.startswith("直播中，按顺序回复您。")
    bots = Happening.objects.filter(store=quiet.a, kind=Kind.BOT)
    assert list(bots.values_list("is_bare", flat=True)) == [True]
    with in_store(quiet.a):
        assert Ticket.objects.latest("number").first_response_at is None


# ---------------------------------------------------------------- spikes


def wrote(store: Store, at: datetime, count: int, *, every: timedelta = timedelta(seconds=1)) -> None:
    Happening.objects.bulk_create(
        Happening(
            store=store, ticket_number=1, channel="tmall", kind="buyer", at=at - every * number, recorded_at=at,
            is_bare=False,
        )
        for number in range(count)
    )  # fmt: skip


def with_a_past(store: Store, per_hour: int) -> None:
    """Four weeks in which this hour of the week brought so many."""
    for week in (1, 2, 3, 4):
        wrote(store, NOON - timedelta(weeks=week), per_hour, every=timedelta(minutes=25) / per_hour)
    wrote(store, NOON - timedelta(weeks=5), 1)


def test_a_burst_is_noticed_without_a_calendar_once_and_ends_once(quiet: Cast) -> None:
    with_a_past(quiet.a, 54)
    wrote(quiet.a, NOON, 42)
    wrote(quiet.b, NOON, 19)
    follow(NOON)
    follow(NOON + MINUTE)
    spike = Spike.objects.get()
    assert (spike.store_id, spike.seen, spike.usual, spike.ended_at) == (quiet.a.pk, 42, 9.0, None)
    burst = live_in([quiet.a.pk, quiet.b.pk], NOON)[quiet.a.pk].spike
    assert burst is not None
    assert (burst.seen, burst.usual) == (42, 9.0)
    follow(NOON + 11 * MINUTE)
    follow(NOON + 12 * MINUTE)
    assert Spike.objects.get().ended_at == NOON + 11 * MINUTE


def test_what_another_clock_has_closed_meanwhile_is_not_opened_anew(
    quiet: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_past(quiet.a, 54)
    wrote(quiet.a, NOON, 42)
    follow(NOON)
    real = spikes.ask

    def late(statement: str, values: Any) -> list[tuple[Any, ...]]:
        rows = real(statement, values)
        Spike.objects.filter(ended_at__isnull=True).update(ended_at=NOON)
        return rows

    monkeypatch.setattr(spikes, "ask", late)
    spikes.follow_spikes(NOON + MINUTE)
    assert Spike.objects.count() == 1


def test_the_usual_evening_rush_is_none(quiet: Cast) -> None:
    with_a_past(quiet.a, 240)
    wrote(quiet.a, NOON, 42)
    follow(NOON)
    assert not Spike.objects.exists()


def test_what_the_calendar_says_is_no_surprise(quiet: Cast, event: Made) -> None:
    with_a_past(quiet.a, 54)
    event(begins_at=NOON - HOUR, multiplier=4)
    wrote(quiet.a, NOON, 42)
    follow(NOON)
    assert not Spike.objects.exists()
    wrote(quiet.a, NOON, 60)
    follow(NOON)
    assert Spike.objects.get().usual == 36


def test_a_new_store_has_none_below_a_higher_floor(quiet: Cast) -> None:
    wrote(quiet.a, NOON, 59)
    follow(NOON)
    assert not Spike.objects.exists()
    wrote(quiet.a, NOON, 1)
    follow(NOON)
    assert Spike.objects.get().usual is None


def test_coverage_knows_the_events_of_a_week(quiet: Cast, event: Made) -> None:
    one = event()
    [planned] = events_between(quiet.a.pk, NOON, NOON + 2 * HOUR)
    assert (planned.pk, planned.rise.times) == (one.pk, 3)
    assert events_between(quiet.b.pk, NOON, NOON + 2 * HOUR) == []
    assert events_between(quiet.a.pk, NOON + 3 * HOUR, NOON + 9 * HOUR) == []


# ---------------------------------------------------------------- the desk


def test_the_desk_says_what_is_live_and_the_pack_comes_first(
    quiet: Cast, event: Made, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in ("tickets.views", "tickets.replies.views"):
        monkeypatch.setattr(f"{where}.database_now", lambda: NOON + HOUR)
    a_reply(quiet, folder="直播/今晚")
    bo, cy = sign_in(quiet.bo), sign_in(quiet.cy, SOUTH_HOST)
    event(pack="直播")
    before = bo.get("/desk/store-a/replies/")
    assert before.json()["pack"] == ""
    follow(NOON + HOUR)
    page = bo.get("/desk/queue/").content.decode()
    assert "Friday stream" in page
    assert "live now, ×3 until 23:00" in page
    assert 'class="live-mark is-event"' in page
    assert "Friday stream" not in cy.get("/desk/queue/").content.decode()
    after = bo.get("/desk/store-a/replies/", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after.json()["pack"] == "直播"


def test_the_desk_tells_of_a_spike(quiet: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.views.database_now", lambda: NOON)
    with_a_past(quiet.a, 54)
    wrote(quiet.a, NOON, 42)
    follow(NOON)
    assert "spike: 42 in 10 min, usually 9" in sign_in(quiet.bo).get("/desk/queue/").content.decode()


def test_a_zone_of_another_place_and_an_hour_that_moved_compare_like_with_like(quiet: Cast) -> None:
    """In Berlin the clocks were put back on 25 October: seven days before noon is seven times 24 hours and one."""
    Store.objects.filter(pk=quiet.a.pk).update(time_zone="Europe/Berlin")
    now = datetime(2026, 10, 26, 11, 0, tzinfo=NOON.tzinfo)
    for week in (1, 2, 3, 4):
        wrote(quiet.a, now - timedelta(weeks=week) - HOUR, 240, every=timedelta(seconds=5))
    wrote(quiet.a, now - timedelta(weeks=5), 1)
    wrote(quiet.a, now, 42)
    follow(now)
    assert not Spike.objects.exists()
