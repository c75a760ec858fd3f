"""Moods: whose word holds, for which words, what of it teaches, and what a learned mood says."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count

import pytest

from tenants.context import in_store
from tenants.errors import Invalid
from tenants.models import Store, User
from tests.cast import NOON, Cast
from tests.conftest import Api, SignIn
from tests.scenes import buyer_writes, entry_of
from tests.test_public_tables import holding
from tickets.actions.close import close
from tickets.actions.note import add_note
from tickets.actions.reopen import reopen
from tickets.actions.set_mood import MoodSaidMeanwhile, set_mood
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Chat, Event, Ticket
from tickets.models.event import MOOD_SAID, ByTime
from tickets.moods import Mood
from tickets.queries.moods import MoodTold, mood_told
from tickets.triage.actions.triage import write_down
from tickets.triage.jobs import train_agency, triage_agency
from tickets.triage.judging import judge_ticket
from tickets.triage.models import Learner, Subject, Version
from tickets.triage.queries.examples import examples_here
from tickets.triage.queries.waiting import said_in
from tickets.triage.subjects import ABOUT

HTMX = {"HX-Request": "true"}
KEYS = count()
BAD, CALM, GOOD = "太差了，骗人", "我想问一下", "很满意，谢谢"


def arrive(store: Store, *texts: str, **more: object) -> int:
    """A buyer writes, and the job comes by after all of it."""
    with in_store(store):
        for text in texts:
            number = buyer_writes(f"mood-{next(KEYS)}", text, **more).ticket_number
    triage_agency(store.agency_id)
    return number


def say(store: Store, number: int, mood: Mood, by: User, **more: object) -> None:
    with in_store(store):
        set_mood(Ticket.objects.get(pk=number), mood.slug, by=by, now=NOON, **more)


def told(store: Store, number: int) -> Mood:
    """What the desk shows, which is what the index says."""
    with in_store(store):
        ticket = Ticket.objects.get(pk=number)
        entry, said = entry_of(ticket), mood_told(ticket)
        assert entry is not None
        assert said.mood == entry.sentiment
        return said.mood


def lines(store: Store, number: int) -> list[tuple[str, str, str]]:
    with in_store(store):
        events = Event.objects.filter(ticket_id=number, kind=MOOD_SAID).order_by("pk")
        return [(event.by or str(event.actor), event.before["mood"], event.after["mood"]) for event in events]


# ---------------------------------------------------------------- whose word holds


def test_triage_says_it_with_its_words_and_no_word_is_public(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    assert (told(cast.a, number), lines(cast.a, number)) == (Mood.NEUTRAL, [])
    assert arrive(cast.a, BAD) == number
    assert told(cast.a, number) == Mood.UNHAPPY
    assert lines(cast.a, number) == [("triage", "neutral", "unhappy")]
    with in_store(cast.a):
        assert mood_told(Ticket.objects.get(pk=number)) == MoodTold(Mood.UNHAPPY, because=("太差", "骗人"))
    assert holding("骗人") == []


def test_a_persons_word_holds_for_the_words_they_saw(cast: Cast) -> None:
    """Whatever is read again without a new word of the buyer: a note raises the ticket's seq as well."""
    number = arrive(cast.a, BAD)
    say(cast.a, number, Mood.PLEASED, cast.bo)
    with in_store(cast.a):
        add_note(Ticket.objects.get(pk=number), author=cast.bo, body="ironic", client_key="k", now=NOON)
    triage_agency(cast.north.pk)
    assert told(cast.a, number) == Mood.PLEASED
    assert lines(cast.a, number)[1:] == [(str(cast.bo), "unhappy", "pleased")]


def test_new_words_that_tell_none_end_nothing(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    say(cast.a, number, Mood.UNHAPPY, cast.bo)
    assert arrive(cast.a, CALM, CALM) == number
    assert told(cast.a, number) == Mood.UNHAPPY


def test_new_words_of_another_mood_do_and_it_does_not_come_back(cast: Cast) -> None:
    number = arrive(cast.a, BAD)
    say(cast.a, number, Mood.NEUTRAL, cast.bo)
    arrive(cast.a, GOOD)
    assert told(cast.a, number) == Mood.PLEASED
    arrive(cast.a, CALM, CALM, CALM)
    assert told(cast.a, number) == Mood.NEUTRAL
    say(cast.a, number, Mood.UNHAPPY, cast.bo)
    arrive(cast.a, GOOD)
    arrive(cast.a, CALM, CALM, CALM)
    assert told(cast.a, number) == Mood.NEUTRAL


def test_words_that_a_person_has_judged_are_not_judged_again(cast: Cast) -> None:
    """`BAD` is among the three latest; a person said that it is none."""
    number = arrive(cast.a, BAD)
    say(cast.a, number, Mood.NEUTRAL, cast.bo)
    arrive(cast.a, CALM)
    assert told(cast.a, number) == Mood.NEUTRAL


def test_word_that_was_not_seen_is_read_anew(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    with in_store(cast.a):
        seen = Ticket.objects.get(pk=number).last_seq
    arrive(cast.a, BAD)
    say(cast.a, number, Mood.PLEASED, cast.bo, seen_seq=seen, was="unhappy")
    assert told(cast.a, number) == Mood.PLEASED
    triage_agency(cast.north.pk)
    assert told(cast.a, number) == Mood.UNHAPPY


def test_who_speaks_while_triage_judges_is_heard(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    with in_store(cast.a):
        buyer_writes(f"mood-{next(KEYS)}", BAD)
        [said] = said_in([number])
    say(cast.a, number, Mood.PLEASED, cast.bo)
    with in_store(cast.a):
        write_down(said, judge_ticket(said, {}, b"k" * 32), now=NOON)
    assert told(cast.a, number) == Mood.PLEASED
    triage_agency(cast.north.pk)
    assert told(cast.a, number) == Mood.PLEASED


def test_a_closed_ticket_keeps_a_word_and_a_reopened_one_has_it(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    with in_store(cast.a):
        close(Ticket.objects.get(pk=number), by=cast.bo, now=NOON)
    say(cast.a, number, Mood.UNHAPPY, cast.bo)
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        assert (entry_of(ticket), mood_told(ticket).mood) == (None, Mood.UNHAPPY)
        reopen(ticket, by=cast.bo, now=NOON)
    triage_agency(cast.north.pk)
    assert told(cast.a, number) == Mood.UNHAPPY


def test_bad_words_for_it(cast: Cast) -> None:
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=1)
        for mood in ("", "furious", "UNHAPPY"):
            with pytest.raises(Invalid) as refused:
                set_mood(ticket, mood, by=cast.bo, now=NOON)
            assert refused.value.field == "mood"
        with pytest.raises(MoodSaidMeanwhile):
            set_mood(ticket, "pleased", by=cast.bo, now=NOON, was="unhappy")
        set_mood(ticket, "neutral", by=cast.bo, now=NOON, was="unhappy")  # what it is already is no conflict
        set_mood(ticket, "neutral", by=cast.bo, now=NOON)
    assert lines(cast.a, 1) == [(str(cast.bo), "neutral", "neutral")]


# ---------------------------------------------------------------- the desk


def menu(page: str) -> str:
    return page.partition('id="mood"')[2].partition("</details>")[0]


def test_desk_shows_corrects_and_undoes(cast: Cast, sign_in: SignIn) -> None:
    number = arrive(cast.a, BAD)
    bo, url = sign_in(cast.bo), f"/desk/store-a/{number}/"
    page = bo.get(url).text
    assert "because of: 太差, 骗人" in menu(page)
    assert "unhappy: that is right" in menu(page)
    assert "Triage: unhappy, because of: 太差, 骗人" in page
    said = bo.post(url + "mood/", {"mood": "neutral", "was": "unhappy", "seen_seq": "99"}, headers=HTMX)
    undo = json.loads(said["HX-Trigger"])["toast"]
    assert "that is right" not in menu(said.text)
    assert "said how it sounds: neutral" in said.text
    assert told(cast.a, number) == Mood.NEUTRAL
    again = bo.post(url + "mood/", {"mood": "pleased", "was": "unhappy"}, headers=HTMX)
    assert (again.status_code, told(cast.a, number)) == (409, Mood.NEUTRAL)
    assert bo.post(undo["undo"], undo["undo_fields"], headers=HTMX).status_code == 200
    assert told(cast.a, number) == Mood.UNHAPPY


def test_agreeing_is_offered_until_somebody_has(cast: Cast, sign_in: SignIn) -> None:
    number = arrive(cast.a, CALM)
    bo, url = sign_in(cast.bo), f"/desk/store-a/{number}/"
    assert "neutral: that is right" in menu(bo.get(url).text)
    bo.post(url + "mood/", {"mood": "neutral", "was": "neutral"})
    page = bo.get(url).text
    assert "that is right" not in menu(page)
    assert "agreed about the mood: neutral" in page


def test_what_was_said_long_ago_is_still_known(cast: Cast, sign_in: SignIn) -> None:
    """The history shows the latest thirty lines; the menus know what is said, however long ago."""
    number = arrive(cast.a, f"{BAD}，收到就破损")
    with in_store(cast.a):
        woken = [Event(ticket_id=number, kind=ByTime.WOKEN, at=NOON) for _ in range(40)]
        Event.objects.bulk_create(woken)
    page = sign_in(cast.bo).get(f"/desk/store-a/{number}/").text
    assert "because of: 太差" in menu(page)
    assert "unhappy: that is right" in menu(page)
    assert "quality: that is right" in page


def test_seller_sees_nothing_of_it_and_says_nothing(cast: Cast, sign_in: SignIn) -> None:
    number = arrive(cast.a, BAD)
    say(cast.a, number, Mood.PLEASED, cast.bo)
    di, url = sign_in(cast.di, "store-a.localhost"), f"/desk/store-a/{number}/"
    page = di.get(url).text
    assert "/mood/" not in page
    assert "pleased" not in page
    assert di.post(url + "mood/", {"mood": "neutral"}).status_code == 403
    assert told(cast.a, number) == Mood.PLEASED


def test_rest_tells_it_of_open_tickets(cast: Cast, api: Api) -> None:
    number = arrive(cast.a, BAD)
    erp, url = api(cast.ann, agency=cast.north), f"/api/v1/stores/store-a/tickets/{number}/"
    assert erp.get(url).json()["mood"] == "unhappy"
    say(cast.a, number, Mood.PLEASED, cast.bo)
    assert erp.get(url).json()["mood"] == "pleased"
    with in_store(cast.a):
        close(Ticket.objects.get(pk=number), by=cast.bo, now=NOON)
    assert erp.get(url).json()["mood"] is None


# ---------------------------------------------------------------- what teaches


def labels(store: Store) -> set[tuple[str, str, bool]]:
    with in_store(store):
        return {(one.text, one.label, one.is_judge) for one in examples_here(Subject.MOOD)}


def test_only_peoples_words_teach_of_each_ticket_the_latest(cast: Cast) -> None:
    """One of a ticket: what is in three texts must be in three tickets, or a model would keep one buyer's own words."""
    number = arrive(cast.a, BAD)
    assert labels(cast.a) == set()
    say(cast.a, number, Mood.NEUTRAL, cast.bo)
    say(cast.a, number, Mood.PLEASED, cast.bo)  # the same words: what was said last
    assert labels(cast.a) == {(BAD, "pleased", True)}
    arrive(cast.a, GOOD, CALM)
    say(cast.a, number, Mood.UNHAPPY, cast.bo)
    with in_store(cast.a):
        Chat.objects.update_or_create(pk=number, defaults={"score": 1, "comment": "慢", "rated_at": NOON})
    assert labels(cast.a) == {(f"{GOOD}\n{CALM}", "unhappy", True)}
    assert labels(cast.b) == set()


def test_what_was_not_seen_is_not_labelled(cast: Cast) -> None:
    number = arrive(cast.a, CALM)
    with in_store(cast.a):
        seen = Ticket.objects.get(pk=number).last_seq
    arrive(cast.a, GOOD)
    say(cast.a, number, Mood.UNHAPPY, cast.bo, seen_seq=seen)
    assert labels(cast.a) == {(CALM, "unhappy", True)}


@pytest.mark.parametrize(
    ("score", "comment", "label"), [(1, "慢", "unhappy"), (5, "快", "pleased"), (3, "还行", None), (5, "", None)]
)
def test_stars_teach_what_their_own_comment_means(cast: Cast, score: int, comment: str, label: str | None) -> None:
    number = arrive(cast.a, BAD, channel=Channel.WIDGET, customer_id="v:1")
    with in_store(cast.a):
        Chat.objects.update_or_create(pk=number, defaults={"score": score, "comment": comment, "rated_at": NOON})
    assert labels(cast.a) == ({(comment, label, False)} if label else set())


# ---------------------------------------------------------------- a learned mood

SAID = {Mood.UNHAPPY: ("旋转 把手", "松开 卡扣", "对准 凹槽"), Mood.PLEASED: ("肩宽 一点", "裤长 盖脚", "袖口 收紧")}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for subject, about in list(ABOUT.items()):
        monkeypatch.setitem(ABOUT, subject, replace(about, fewest=40, fewest_of_label=10))


def lived(store: Store, by: User, each: int = 30) -> None:
    """Tickets whose words the rules don't know, and of which a person said how they sound."""
    with in_store(store):
        for mood, texts in SAID.items():
            for at in range(each):
                key = f"l-{next(KEYS)}"
                text = f"{texts[at % 3]} {chr(0x4E00 + at * 7)}{chr(0x5E00 + at * 3)}"
                number = buyer_writes(key, text, customer_id=key).ticket_number
                set_mood(Ticket.objects.get(pk=number), mood.slug, by=by, now=NOON)


def test_it_learns_and_judges_by_it_where_it_is_sure(cast: Cast, few: None) -> None:
    lived(cast.a, cast.bo)
    train_agency(cast.north.pk)
    version = Version.objects.get(agency=cast.north)
    assert (version.subject, version.is_good, version.right) == ("mood", True, version.held_out)
    learner = Learner.objects.get(agency=cast.north, subject=Subject.MOOD)
    assert (learner.examples, learner.found, learner.beside) == (60, {"unhappy": 30, "pleased": 30}, 0)
    number = arrive(cast.b, "怎样 旋转 把手 呢")
    assert told(cast.b, number) == Mood.UNHAPPY
    with in_store(cast.b):
        assert "旋转" in mood_told(Ticket.objects.get(pk=number)).because
    assert told(cast.b, arrive(cast.b, "您好", customer_id="other")) == Mood.NEUTRAL
    Learner.objects.filter(pk=learner.pk).update(is_on=False)
    assert told(cast.b, arrive(cast.b, "松开 卡扣", customer_id="third")) == Mood.NEUTRAL
    assert holding("旋转") == []


def test_stars_alone_teach_nothing(cast: Cast, few: None) -> None:
    """A version must be good at what triage hears, so people's words about that are needed."""
    with in_store(cast.a):
        for mood, texts in SAID.items():
            for at in range(30):
                key = f"s-{next(KEYS)}"
                number = buyer_writes(key, CALM, customer_id=key, channel=Channel.WIDGET).ticket_number
                stars = {"score": 1 if mood == Mood.UNHAPPY else 5, "comment": f"{texts[at % 3]} {at}"}
                Chat.objects.update_or_create(pk=number, defaults={**stars, "rated_at": NOON})
    train_agency(cast.north.pk)
    learner = Learner.objects.get(agency=cast.north, subject=Subject.MOOD)
    assert (learner.told, learner.examples, learner.beside) == ("too_few", 0, 60)
    assert not Version.objects.exists()
    assert QueueEntry.objects.filter(store=cast.a, sentiment=0).exists()
