"""Triage on arrival: what is written where, who may say what, once, and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from tenants.context import in_store
from tenants.errors import Invalid
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, entry_of
from tests.test_public_tables import holding
from tickets.actions.close import close
from tickets.actions.set_category import set_category
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.models.event import CATEGORISED
from tickets.triage.actions import follow
from tickets.triage.actions.set_learner import ask_to_learn, set_threshold, switch_learner
from tickets.triage.jobs import train_agency, triage_agency
from tickets.triage.keys import key_of
from tickets.triage.model import Model
from tickets.triage.models import Learner, Subject, Version
from tickets.triage.queries.examples import examples_here
from tickets.triage.queries.versions import agencies_due, data_in_force, learnings_of
from tickets.triage.queries.waiting import agencies_waiting, numbers_waiting
from tickets.triage.subjects import ABOUT

KEYS = count()
CATEGORY = Subject.CATEGORY


def arrive(store: Store, text: str, **more: object) -> int:
    """A buyer writes, and the job comes by."""
    with in_store(store):
        number = buyer_writes(f"t-{next(KEYS)}", text, **more).ticket_number
    triage_agency(store.agency_id)
    return number


def look(store: Store, number: int) -> tuple[Ticket, QueueEntry]:
    with in_store(store):
        ticket = Ticket.objects.get(pk=number)
        entry = entry_of(ticket)
        assert entry is not None
        list(ticket.events.all())
        return ticket, entry


def test_what_arrives_is_triaged(cast: Cast) -> None:
    number = arrive(cast.a, "快递太慢了，急用，什么时候到？")
    ticket, entry = look(cast.a, number)
    assert (ticket.category, entry.category) == ("logistics", "logistics")
    assert (entry.language, entry.sentiment, entry.is_presale, entry.urgency) == ("zh", -1, False, 1)
    with in_store(cast.a):
        event = ticket.events.get(kind=CATEGORISED)
        assert (event.actor, event.by, event.before) == (None, "triage", {"category": ""})
        assert "快递" in event.after["because"]
    assert holding("快递") == []


def test_it_waits_for_nobody_twice(cast: Cast) -> None:
    arrive(cast.a, "什么时候发货")
    assert agencies_waiting() == [cast.south.pk]  # whose ticket nobody has looked at
    triage_agency(cast.south.pk)
    assert agencies_waiting() == []
    with in_store(cast.a):
        before = Ticket.objects.latest("number").events.count()
    triage_agency(cast.north.pk)
    with in_store(cast.a):
        assert Ticket.objects.latest("number").events.count() == before


def test_first_word_says_nothing_and_the_second_does(cast: Cast) -> None:
    number = arrive(cast.a, "在吗")
    assert look(cast.a, number)[0].category == ""
    assert arrive(cast.a, "我要退款") == number
    assert look(cast.a, number)[0].category == "refund"


def test_what_people_said_stays(cast: Cast) -> None:
    number = arrive(cast.a, "我要退款", category="size")
    ticket, entry = look(cast.a, number)
    assert (ticket.category, entry.triaged_seq) == ("size", entry.last_seq)


def test_what_an_agent_took_back_is_not_said_again(cast: Cast) -> None:
    number = arrive(cast.a, "我要退款")
    with in_store(cast.a):
        set_category(Ticket.objects.get(pk=number), "", by=cast.bo, now=NOON)
    assert arrive(cast.a, "退款退款") == number
    assert look(cast.a, number)[0].category == ""


def test_no_such_category(cast: Cast) -> None:
    with in_store(cast.a), pytest.raises(Invalid) as refused:
        set_category(Ticket.objects.get(pk=1), "weather", by=cast.bo, now=NOON)
    assert refused.value.field == "category"


def test_message_that_comes_while_we_judge_is_read_next(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(cast.a, "在吗")
    with in_store(cast.a):
        number = buyer_writes("late", "退款").ticket_number
        QueueEntry.objects.filter(store=cast.a, ticket_number=number).update(triaged_seq=2)
        last = Ticket.objects.get(pk=number).last_seq
    assert last > 2
    assert number in numbers_waiting(cast.a.pk, 10)


def test_store_in_trouble_stops_no_other(cast: Cast) -> None:
    with in_store(cast.b):
        number = buyer_writes("b-1", "退款").ticket_number
    with in_store(cast.a):
        buyer_writes("a-1", "退款")
    Store.objects.filter(pk=cast.a.pk).update(state=Store.State.SUSPENDED)
    triage_agency(cast.north.pk)
    assert look(cast.b, number)[0].category == "refund"


def test_clock_nudges_once_an_agency(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(follow, "nudge", lambda job, pk: asked.append((job, pk)))
    for subject in Subject:
        Learner.objects.create(agency=cast.north, subject=subject, begun_at=NOON)
    with in_store(cast.a):
        buyer_writes("n-1")
    with in_store(cast.b):
        buyer_writes("n-2")
    assert follow.follow(NOON) == 2
    assert asked.count((follow.TRIAGE, cast.north.pk)) == 1
    assert (follow.TRAIN, cast.north.pk) not in asked
    assert (follow.TRAIN, cast.south.pk) in asked


# ---------------------------------------------------------------- learning

WORDS = {"usage": ("旋转 把手", "松开 卡扣", "对准 凹槽"), "size": ("肩宽 一点", "裤长 盖脚", "袖口 收紧")}


def lived(store: Store, *, by: object = None, each: int = 40) -> None:
    """Closed tickets whose words the rules don't know, and that people gave a category."""
    counter = count()
    with in_store(store):
        for label, texts in WORDS.items():
            for number in range(each):
                key = f"l-{next(counter)}"
                text = f"{texts[number % 3]} {chr(0x4E00 + number * 7)}{chr(0x5E00 + number * 3)}"
                ticket = Ticket.objects.get(
                    pk=buyer_writes(key, text, customer_id=key, category=label if by is None else "").ticket_number
                )
                if by is not None:
                    set_category(ticket, label, by=by, now=NOON)
                close(ticket, by=None, now=NOON)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for subject, about in list(ABOUT.items()):
        monkeypatch.setitem(ABOUT, subject, replace(about, fewest=40, fewest_of_label=10))


def test_learns_from_closed_tickets_and_judges_by_it(cast: Cast, few: None) -> None:
    lived(cast.a)
    train_agency(cast.north.pk)
    version = Version.objects.get(agency=cast.north)
    assert (version.is_good, version.right, version.stores) == (True, version.held_out, 1)
    assert version.right_by_rule == 0
    number = arrive(cast.a, "怎样 旋转 把手 呢")
    assert look(cast.a, number)[0].category == "usage"
    assert arrive(cast.b, "肩宽 一点 可以 吗")
    learning, of_moods = learnings_of(cast.north.pk)
    assert (of_moods.versions, of_moods.told) == ((), "too few to learn from")
    assert learning.in_force is not None
    assert (learning.in_force.accuracy, learning.told) == (100.0, "learned")
    assert all(learning.versions == () for learning in learnings_of(cast.south.pk))
    assert holding("旋转") == []


def test_off_means_the_rules_alone(cast: Cast, few: None) -> None:
    lived(cast.a)
    train_agency(cast.north.pk)
    switch_learner(cast.north.pk, CATEGORY, is_on=False)
    assert data_in_force(cast.north.pk) == {}
    assert look(cast.a, arrive(cast.a, "怎样 旋转 把手 呢"))[0].category == ""
    with pytest.raises(Invalid):
        ask_to_learn(cast.north.pk, CATEGORY, now=NOON)


def test_version_that_is_not_good_enough_leaves_the_one_before(cast: Cast, few: None) -> None:
    lived(cast.a)
    train_agency(cast.north.pk)
    before = data_in_force(cast.north.pk)[CATEGORY]
    with in_store(cast.a):  # the same words now mean anything
        for number, ticket in enumerate(Ticket.objects.filter(state="closed").order_by("?")):
            set_category(ticket, ("usage", "size")[number % 2], by=cast.bo, now=NOON)
    ask_to_learn(cast.north.pk, CATEGORY, now=NOON)
    train_agency(cast.north.pk)
    latest = Version.objects.filter(agency=cast.north).latest("number")
    assert (latest.number, latest.is_good, bytes(latest.data)) == (2, False, b"")
    assert data_in_force(cast.north.pk)[CATEGORY] == before != b""
    assert Learner.objects.get(agency=cast.north, subject=CATEGORY).told == "below"


def test_another_key_makes_what_was_learned_useless(cast: Cast, few: None, settings: object) -> None:
    lived(cast.a)
    train_agency(cast.north.pk)
    assert data_in_force(cast.north.pk)
    settings.SECRET_KEY = "another"
    assert data_in_force(cast.north.pk) == {}


def test_too_few_are_told(cast: Cast) -> None:
    train_agency(cast.north.pk)
    learners = Learner.objects.filter(agency=cast.north)
    assert [learner.told for learner in learners] == ["too_few", "too_few"]
    assert Version.objects.count() == 0
    assert [learning.missing for learning in learnings_of(cast.north.pk)] == [200, 200]


def test_what_triage_said_itself_teaches_nothing_until_a_person_agrees(cast: Cast) -> None:
    number = arrive(cast.a, "我要退款")
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        close(ticket, by=cast.bo, now=NOON)
        assert [example.label for example in examples_here(CATEGORY)] == []
        set_category(ticket, "refund", by=cast.bo, now=NOON)
        assert [example.label for example in examples_here(CATEGORY)] == ["refund"]
        agreed = ticket.events.filter(kind=CATEGORISED).count()
        set_category(ticket, "refund", by=cast.bo, now=NOON)
        assert ticket.events.filter(kind=CATEGORISED).count() == agreed
        set_category(ticket, "quality", by=cast.bo, now=NOON)
        assert [example.label for example in examples_here(CATEGORY)] == ["quality"]


def test_corrections_teach(cast: Cast, few: None) -> None:
    lived(cast.a, by=cast.bo)
    train_agency(cast.north.pk)
    assert Version.objects.get(agency=cast.north).is_good
    model = Model.from_bytes(data_in_force(cast.north.pk)[CATEGORY])
    guess = model.guess("袖口 收紧", key_of(cast.north.pk))
    assert guess is not None
    assert guess.label == "size"


def test_whose_turn_it_is(cast: Cast) -> None:
    assert agencies_due(NOON) == sorted([cast.north.pk, cast.south.pk])
    train_agency(cast.north.pk)
    Learner.objects.filter(agency=cast.north).update(begun_at=NOON)
    assert agencies_due(NOON) == [cast.south.pk]
    assert cast.north.pk in agencies_due(NOON + timedelta(days=8))
    ask_to_learn(cast.north.pk, Subject.MOOD, now=NOON)
    assert cast.north.pk in agencies_due(NOON)


@pytest.mark.parametrize("percent", [0, 49, 101])
def test_threshold_is_a_share(cast: Cast, percent: int) -> None:
    with pytest.raises(Invalid) as refused:
        set_threshold(cast.north.pk, CATEGORY, percent)
    assert refused.value.field == "threshold"
