"""What a hint brings along is what a look would find, for whom the gate lets in at that moment, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import live
from tenants.clock import database_now
from tenants.context import in_store
from tenants.hearing import Brought, Told
from tenants.models import Agency, Assignment, Membership, User
from tenants.sockets import PatientConsumer
from tests.cast import PNG, Cast
from tests.chat.conftest import Browser, widget_in
from tests.chat.test_desk_side import A_HOST, side
from tests.chat.test_one_look import number_of, watching, written
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.mark_read import desk_saw
from tickets.actions.note import add_note
from tickets.actions.receive import receive_message
from tickets.actions.reply import reply_to_ticket
from tickets.actions.set_widget import set_widget
from tickets.channels import Channel
from tickets.chat.desk import DeskSide
from tickets.incoming import IncomingMessage, Upload
from tickets.models import Ticket, Visitor

Said = Callable[[Callable[[], Any]], dict[str, Brought | None]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Said:
    """What comes along to whom ("watchers", "buyer") with the hints of what is done."""

    def of(act: Callable[[], Any]) -> dict[str, Brought | None]:
        found: dict[str, Brought | None] = {}

        def tell(_agency: int, news: dict[live.News, Told]) -> None:
            for (group, kind, *_), (_seq, brought) in news.items():
                if kind == "tickets.changed":
                    found[group.partition(".")[0]] = brought

        monkeypatch.setattr(live, "_tell", tell)
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return found

    return of


@pytest.fixture
def number(buyer: Browser, cast: Cast) -> int:
    """A chat that Bo has, and in which each has spoken; the buyer's browser knows all of it."""
    buyer.say("在吗")
    number = number_of(cast.a)
    written(cast, number, "在的")
    buyer.side.look()
    return number


def answered(cast: Cast, number: int, text: str, *, by: User | None = None, **more: Any) -> None:
    with in_store(cast.a):
        ticket = Ticket.objects.select_related("customer").get(pk=number)
        reply_to_ticket(
            ticket, author=by or cast.bo, body=text, client_key=text, seen_seq=None, now=database_now(), **more
        )


def desk_of(cast: Cast, number: int, person: User | None = None, host: str = "north.localhost") -> DeskSide:
    return watching(side(person or cast.bo, host), cast.a, number)


def without_queries(call: Callable[[], Any]) -> Any:
    with CaptureQueriesContext(connection) as captured:
        found = call()
    assert [query["sql"] for query in captured] == []
    return found


# ---------------------------------------------------------------- a buyer's word, to whom has the chat


def test_word_of_a_buyer_comes_along_as_a_look_would_find_it(
    buyer: Browser, cast: Cast, number: int, told: Said
) -> None:
    taking, looking = desk_of(cast, number), desk_of(cast, number)
    brought = told(lambda: buyer.say('<b>"价格"？\n😀'))["watchers"]
    assert brought is not None
    taken = without_queries(lambda: taking.take((cast.a.pk, number), brought))
    assert taken == looking.look((cast.a.pk, number))
    assert taken[0]["items"][0]["text"] == '<b>"价格"？\n😀'
    assert taking.look((cast.a.pk, number)) == []  # it is not told twice
    assert taking.take((cast.a.pk, number), brought) == []


def test_word_is_for_whom_has_the_chat_and_has_all_before_it(
    buyer: Browser, cast: Cast, number: int, told: Said
) -> None:
    lead, behind, other = desk_of(cast, number, cast.ann), desk_of(cast, number), desk_of(cast, number)
    told(lambda: buyer.say("第一句"))
    brought = told(lambda: buyer.say("第二句"))["watchers"]
    assert brought is not None
    key = (cast.a.pk, number)
    assert lead.take(key, brought) == []
    assert behind.take(key, brought) == []
    assert other.take((cast.b.pk, number), brought) == []
    assert [item["text"] for item in behind.look(key)[0]["items"]] == ["第一句", "第二句"]


@pytest.mark.parametrize("shut", ["assignment", "membership", "person", "agency", "nobody", "seller"])
def test_nothing_comes_along_where_the_gate_is_shut(
    buyer: Browser, cast: Cast, number: int, told: Said, shut: str
) -> None:
    match shut:
        case "assignment":
            Assignment.objects.filter(user=cast.bo).delete()
        case "membership":
            Membership.objects.filter(user=cast.bo).delete()
        case "person":
            User.objects.filter(pk=cast.bo.pk).update(is_active=False)
        case "agency":
            Agency.objects.filter(pk=cast.north.pk).update(is_active=False)
        case "nobody":
            with in_store(cast.a):
                Ticket.objects.filter(pk=number).update(assignee=None)
        case "seller":  # has no door at the agency's host
            with in_store(cast.a):
                Ticket.objects.filter(pk=number).update(assignee=cast.di)
    heard = told(lambda: buyer.say("CANARY-WORD"))
    assert heard == {"watchers": None, "buyer": None}


def test_what_is_no_plain_word_is_read(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    def upload() -> None:
        frame = {"type": "message", "client_id": "picture-1", "text": "看"}
        [sent, *_] = buyer.side.answer(frame, [Upload("p.png", PNG)])
        assert sent["type"] == "sent"

    assert told(upload)["watchers"] is None
    assert told(lambda: answered(cast, number, "图", uploads=[Upload("p.png", PNG)]))["buyer"] is None
    with in_store(cast.a):
        ticket = Ticket.objects.select_related("customer").get(pk=number)
        note = told(lambda: add_note(ticket, author=cast.bo, body="CANARY-NOTE", client_key="n", now=database_now()))
    assert note == {"watchers": None, "buyer": None}


# ---------------------------------------------------------------- an answer, to the buyer


def test_answer_comes_along_as_a_look_would_find_it(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    other = Browser(cast.a, buyer.key, buyer.secret)  # another tab
    other.hello()
    Assignment.objects.filter(user=cast.bo).update(alias="Lily")
    for each in (buyer, other):
        each.side.look()  # they hear who it is that has them
    with in_store(cast.a):
        desk_saw(Ticket.objects.get(pk=number), has=3, read=3)
    brought = told(lambda: answered(cast, number, "有货"))["buyer"]
    assert brought is not None
    taken = without_queries(lambda: buyer.side.take(brought))
    assert taken == other.side.look()
    assert [frame["type"] for frame in taken] == ["messages", "receipts"]
    assert taken[0]["items"][0]["author"] == "Lily"
    assert buyer.side.look() == []
    assert buyer.side.take(brought) == []


def test_answer_of_somebody_without_an_alias_is_the_stores(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    brought = told(lambda: answered(cast, number, "有货", by=cast.ann))["buyer"]
    assert brought is not None
    assert buyer.side.take(brought)[0]["items"][0]["author"] == cast.a.name
    assert cast.ann.name not in str(brought)


def test_answer_is_not_taken_where_a_look_would_find_more(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    def is_taken(between: Callable[[], Any]) -> bool:
        buyer.hello(conversation=None)
        between()
        brought = told(lambda: answered(cast, number, f"{database_now()}"))["buyer"]
        return bool(brought and buyer.side.take(brought))

    def told_off() -> None:
        with in_store(cast.a):
            set_widget({"is_on": False}, now=database_now() + timedelta(seconds=1))

    def handed_over() -> None:
        with in_store(cast.a):
            assign(Ticket.objects.get(pk=number), to=cast.ann, by=cast.bo, now=database_now())

    assert is_taken(lambda: None)
    Assignment.objects.filter(user=cast.bo).update(alias="Lily")
    assert is_taken(lambda: None)
    assert is_taken(handed_over)
    assert buyer.side.told["state"]["agent"] == cast.a.name  # of another person, who has no alias
    assert buyer.side.look() == []
    assert not is_taken(lambda: answered(cast, number, "missed"))
    assert not is_taken(told_off)


def test_first_answer_says_who_has_them_as_a_look_would(cast: Cast, told: Said, buyer: Browser) -> None:
    new, beside = Browser(cast.a, buyer.key), Browser(cast.a, buyer.key)
    new.hello()
    new.say("在吗")
    beside.secret = new.secret
    beside.hello(conversation=str(new.side.conversation), have=new.side.have)
    assert new.side.told["state"]["is"] == beside.side.told["state"]["is"] == "waiting"
    brought = told(lambda: answered(cast, number_of(cast.a), "在的"))["buyer"]
    assert brought is not None
    taken, looked = new.side.take(brought), beside.side.look()
    assert [frame["type"] for frame in taken] == ["messages", "state"]
    assert taken == looked
    assert new.side.look() == []


def test_answer_of_an_older_conversation_does_not_come_along(
    buyer: Browser, cast: Cast, number: int, told: Said
) -> None:
    with in_store(cast.a):
        ticket = Ticket.objects.get(pk=number)
        close(ticket, by=cast.bo, now=database_now())
        Ticket.objects.filter(pk=number).update(closed_at=database_now() - timedelta(days=30))
    buyer.say("新的问题")
    with in_store(cast.a):
        Ticket.objects.filter(pk=number).update(state=Ticket.State.WAITING, closed_at=None)
    assert told(lambda: answered(cast, number, "旧的"))["buyer"] is None


def test_another_buyer_takes_nothing(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    other = Browser(cast.a, buyer.key)
    other.hello()
    other.say("在吗")
    written(cast, number_of(cast.a), "在的")
    other.side.look()
    assert (other.side.have, other.side.told["state"]) == (buyer.side.have, buyer.side.told["state"])
    brought = told(lambda: answered(cast, number, "CANARY-ANSWER"))["buyer"]
    assert brought is not None
    assert len(brought["beside"]["visitors"]) == 1
    other.side.conversation, theirs = buyer.side.conversation, other.side.conversation
    assert other.side.take(brought) == []
    other.side.visitor, other.side.conversation = buyer.side.visitor, theirs
    assert other.side.take(brought) == []
    assert buyer.side.take(brought) != []


def test_marks_of_reading_never_go_back(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    brought = told(lambda: answered(cast, number, "有货"))["buyer"]
    assert brought is not None
    ahead = {"type": "receipts", "delivered": 9, "read": 9}
    buyer.side.told["receipts"] = ahead
    assert [frame["type"] for frame in buyer.side.take(brought)] == ["messages"]
    assert buyer.side.told["receipts"] == ahead


def test_only_so_many_browsers_and_none_that_was_not_seen_for_long(
    buyer: Browser, cast: Cast, number: int, told: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_store(cast.a):
        Visitor.objects.update(expires_at=database_now())
    brought = told(lambda: answered(cast, number, "有货"))["buyer"]
    assert brought is not None
    assert brought["beside"]["visitors"] is None
    assert buyer.side.take(brought) == []


def test_chat_that_nobody_has_is_not_said_to_be_somebodys(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    Assignment.objects.filter(user=cast.bo).update(alias="")
    buyer.side.look()
    assert buyer.side.told["state"]["agent"] == cast.a.name
    with in_store(cast.a):
        Ticket.objects.filter(pk=number).update(assignee=None)
    brought = told(lambda: answered(cast, number, "店主来了", by=cast.di))["buyer"]
    assert brought is not None
    assert buyer.side.take(brought) == []


def test_other_channels_bring_nothing(cast: Cast, told: Said) -> None:
    heard = told(lambda: mailed(cast, "第一封"))
    assert heard == {"watchers": None}
    with in_store(cast.a):
        Ticket.objects.update(assignee=cast.bo)
    assert told(lambda: mailed(cast, "第二封")) == {"watchers": None}


def mailed(cast: Cast, text: str) -> None:
    with in_store(cast.a):
        message = IncomingMessage(channel=Channel.EMAIL, external_id=text, customer_id="m@example.com", text=text)
        receive_message(message, now=database_now())


def test_buyer_of_another_store_takes_nothing(buyer: Browser, cast: Cast, number: int, told: Said) -> None:
    elsewhere = Browser(cast.b, widget_in(cast.b).key, buyer.secret)
    elsewhere.hello()
    elsewhere.say("在吗")
    brought = told(lambda: answered(cast, number, "CANARY-ANSWER"))["buyer"]
    assert brought is not None
    assert elsewhere.side.take(brought) == []


def test_sellers_answer_does_not_say_who_of_the_agency_has_it(
    buyer: Browser, cast: Cast, number: int, told: Said
) -> None:
    seller = desk_of(cast, number, cast.di, A_HOST)
    brought = told(lambda: answered(cast, number, "店主来了", by=cast.di))["buyer"]
    assert brought is not None
    assert buyer.side.take(brought)[0]["items"][0]["author"] == cast.a.name
    word = told(lambda: buyer.say("好"))["watchers"]
    assert word is not None
    assert seller.take((cast.a.pk, number), word) == []


# ---------------------------------------------------------------- on the way


def test_of_two_hints_that_wait_neither_brings_anything() -> None:
    socket, key = PatientConsumer(), (1, 2)
    socket.hear_hints("tickets.changed", {key: (5, {"item": {"seq": 5}})})
    socket.hear_hints("tickets.changed", {key: (6, {"item": {"seq": 6}})})
    heard = socket._heard()
    hints = [{"store": 1, "ticket": 2, "seq": 6}]
    assert heard == {"type": "tickets.changed", "hints": hints, "brought": {}}
