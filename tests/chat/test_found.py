"""What an attacker's eye has found: each was there, and each is one test."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from tenants import images
from tenants.context import in_store
from tests.cast import NOON, PNG, Cast
from tests.chat.conftest import Browser
from tests.chat.test_buyer import OFFER, answered
from tests.chat.test_frames import post, sent_file
from tests.chat.test_take_back import at_desk, chat, holder
from tests.chat.test_visitor import KEY, signed
from tickets.actions import visit
from tickets.actions.assign import assign
from tickets.chat import views
from tickets.chat.desk import DeskSide, Watched
from tickets.chat.visitor import Identity, identity_of, sign
from tickets.clocks.routing import Waiting
from tickets.desk.models import Outbox
from tickets.models import ChatWidget, Customer, Message, Ticket, Visitor
from tickets.queries.chat import talk_of
from tickets.routing.actions import give


def test_pictures_beyond_a_few_are_sent_again_rather_than_waited_for(
    buyer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_waiting", threading.Semaphore(0))
    refused = sent_file(buyer, PNG).json()["frames"][1]
    assert (refused["code"], refused["client_id"]) == ("unavailable", "with-file")
    monkeypatch.undo()
    assert sent_file(buyer, PNG).json()["frames"][1]["type"] == "sent"
    assert images._waiting._value == images.MOST_WAITING  # each gave its place back


def test_program_that_talks_to_itself_has_no_mail_sent(buyer: Browser, cast: Cast) -> None:
    buyer.say("Buy pills at https://spam.example")
    assert buyer.ask("transcript", email="stranger@example.com")[0]["code"] == "nothing_to_mail"
    assert not Outbox.objects.filter(store=cast.a, channel="email").exists()
    with in_store(cast.a):
        assert not Customer.objects.filter(email="stranger@example.com").exists()


def known(widget: ChatWidget) -> str:
    until = timezone.now() + timedelta(hours=1)
    return sign(Identity("42", "林", "lin@example.com"), widget.identity_secret, expires=until)


def test_offer_is_answered_once_from_two_browsers_of_a_buyer(buyer: Browser, cast: Cast, widget: ChatWidget) -> None:
    phone = Browser(cast.a, buyer.key)
    for each in (buyer, phone):
        each.hello(identity=known(widget))
    buyer.say("坏了")
    offer = answered(cast, "？", card=OFFER)
    choice: dict[str, Any] = {"seq": offer.seq, "option": "A"}
    sent = buyer.say("", choice=choice)
    assert phone.say("", choice=choice)["seq"] == sent["seq"]
    assert phone.say("", choice={"seq": offer.seq, "option": "B"})["code"] == "offer_answered"
    with in_store(cast.a):
        assert Message.objects.filter(ticket=offer.ticket_id, card__type="choice").count() == 1


def test_two_browsers_that_sign_in_at_once_are_one_buyer(buyer: Browser, cast: Cast) -> None:
    """Both found no such customer before either had made it."""
    phone = Browser(cast.a, buyer.key)
    phone.hello()
    buyer.say("一")
    phone.say("二")
    with in_store(cast.a):
        talks = [talk_of(each.secret) for each in (buyer, phone)]
        for talk in talks:
            assert talk is not None
            visit._identify(talk, Identity("42"))
        assert Visitor.objects.filter(is_identified=True, customer__external_id="u:42").count() == 2


def test_store_in_trouble_keeps_nobody_elses_chats(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    at_desk(cast, cast.bo)
    numbers = [chat(cast, f"v:{n}") for n in range(2)]
    with in_store(cast.a):
        for number in numbers:
            assign(Ticket.objects.get(pk=number), to=cast.bo, by=cast.bo, now=NOON)
    locked = give._locked

    def broken(wanted: Waiting) -> Ticket:
        if wanted.number == numbers[0]:
            raise OperationalError
        return locked(wanted)

    monkeypatch.setattr(give, "_locked", broken)
    assert give.take_back_stranded(NOON + timedelta(seconds=61)) == 1
    assert [holder(cast, number) for number in numbers] == [cast.bo.pk, None]


def test_expiry_beyond_every_number_is_no_identity(buyer: Browser) -> None:
    token = signed({"id": "42", "exp": 10**400})
    assert identity_of(token, KEY, now=NOON) is None


def test_chat_that_was_lost_does_not_swallow_the_others(cast: Cast) -> None:
    number = chat(cast)
    side = DeskSide(at_desk(cast, cast.bo))
    assert side.answer(json.dumps({"type": "watch", "store": cast.a.pk, "ticket": number, "have": 0}))
    side.watched[cast.c.pk, 1] = Watched(0)  # of a store that is no longer theirs
    side.watched[cast.a.pk, number].have = 0  # and here there is something new
    frames = side.answer('{"type": "ping"}')
    assert [frame["type"] for frame in frames] == ["messages", "pong"]


def test_frames_are_counted_and_not_requests(buyer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "frames_of_address", views.Buckets(0.001, 8))
    pings = [{"type": "ping", "have": 0}] * 4
    assert [post(buyer, *pings).status_code for _ in range(3)] == [200, 429, 429]
