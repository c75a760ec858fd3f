"""A buyer chats: nothing twice, nothing lost, nothing of anybody else's."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.clock import database_now
from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.chat.conftest import SITE, Browser, widget_in
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.mark_read import buyer_saw, desk_saw
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.actions.set_widget import renew_identity_secret, set_widget
from tickets.chat.visitor import Identity, sign
from tickets.desk.models import Outbox
from tickets.models import Chat, ChatWidget, Customer, Message, Ticket, Visitor
from tickets.queries.chat import talk_of

OFFER = {"type": "offer", "options": [{"label": "退款"}, {"label": "换新并赠券"}]}


def answered(cast: Cast, text: str = "您好", *, number: int | None = None, card: Any = None, key: str = "") -> Message:
    """Bo answers in store A's latest ticket."""
    with in_store(cast.a):
        ticket = Ticket.objects.order_by("-number").first() if number is None else Ticket.objects.get(pk=number)
        return reply_to_ticket(
            ticket, author=cast.bo, body=text, client_key=key or text, seen_seq=None, card=card, now=database_now()
        )


def types(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["type"] for frame in frames]


# ---------------------------------------------------------------- writing


def test_first_word_opens_a_ticket_and_is_acknowledged(buyer: Browser, cast: Cast) -> None:
    frames = buyer.ask("message", client_id="first-word", text="这款有大号吗？")
    assert types(frames) == ["sent", "messages", "state"]
    assert (frames[0]["client_id"], frames[0]["seq"]) == ("first-word", 1)
    said, word = frames[1]["items"]
    assert (said["kind"], said["client_id"], said["text"]) == ("buyer", "first-word", "这款有大号吗？")
    assert (word["kind"], word["seq"], "已经收到" in word["text"]) == ("bot", 2, True)
    assert (frames[2]["is"], frames[2]["place"], frames[2]["online"], frames[2]["agent"]) == ("waiting", 1, False, None)
    with in_store(cast.a):
        ticket = Ticket.objects.get(customer__channel="widget")
        assert (ticket.channel, ticket.waiting_since is not None) == ("widget", True)


def test_same_client_id_has_one_effect_however_often(buyer: Browser, cast: Cast) -> None:
    first = buyer.say("在吗", "same-same")
    other = Browser(cast.a, buyer.key, buyer.secret)
    other.hello()
    assert [buyer.say("在吗", "same-same")["seq"], other.say("在吗", "same-same")["seq"]] == [first["seq"]] * 2
    refused = buyer.say("不同的话", "same-same")
    assert (refused["type"], refused["code"], refused["client_id"]) == ("refused", "external_id_reused", "same-same")
    assert buyer.shown().count("在吗") == 1


def test_someone_elses_client_id_is_ones_own(buyer: Browser, cast: Cast) -> None:
    buyer.say("甲的话", "shared-id-1")
    other = Browser(cast.a, buyer.key)
    other.hello()
    assert other.say("乙的话", "shared-id-1")["type"] == "sent"
    assert "甲的话" not in other.shown()
    assert "乙的话" not in buyer.shown()


def test_hello_writes_nothing(buyer: Browser, cast: Cast) -> None:
    with in_store(cast.a):
        assert not Visitor.objects.exists()
        assert not Customer.objects.filter(channel="widget").exists()


def test_nothing_is_done_before_hello(cast: Cast, widget: ChatWidget) -> None:
    mute = Browser(cast.a, widget.key)
    for kind, fields in (("message", {"client_id": "x" * 8, "text": "x"}), ("ping", {}), ("end", {})):
        assert mute.ask(kind, **fields)[0]["code"] == "not_found"


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_is_no_message(buyer: Browser, text: str) -> None:
    assert buyer.say(text)["field"] == "text"


# ---------------------------------------------------------------- hearing


def test_what_was_missed_comes_once_and_in_order(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    for number in range(5):
        answered(cast, f"答{number}")
    frames = buyer.side.look()
    assert [item["text"] for frame in frames if frame["type"] == "messages" for item in frame["items"]] == [
        f"答{number}" for number in range(5)
    ]
    assert buyer.side.look() == []
    again = Browser(cast.a, buyer.key, buyer.secret).hello(conversation=str(buyer.side.conversation), have=4)
    assert [item["seq"] for item in again["messages"]] == [5, 6, 7]


def test_long_absence_is_caught_up_to_the_last_word(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    with in_store(cast.a):
        ticket = Ticket.objects.order_by("-number").first()
        seqs = range(3, 453)
        Message.objects.bulk_create(
            Message(ticket=ticket, seq=seq, kind="agent", body=str(seq), sent_at=NOON, created_at=NOON) for seq in seqs
        )
        Ticket.objects.filter(pk=ticket.pk).update(last_seq=452)
    items = [item for frame in buyer.side.look() if frame["type"] == "messages" for item in frame["items"]]
    assert [item["seq"] for item in items] == list(seqs)
    assert len(buyer.hello()["messages"]) == 50
    earlier = buyer.ask("earlier", before=403)[0]
    assert ([item["seq"] for item in earlier["items"]], earlier["has_earlier"]) == (list(range(353, 403)), True)


def test_notes_names_and_assignments_stay_with_the_agency(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    with in_store(cast.a):
        ticket = Ticket.objects.order_by("-number").first()
        add_note(ticket, author=cast.bo, body="CANARY-NOTE", client_key="n", now=database_now())
    frames = buyer.side.look()
    assert frames == []
    answered(cast, "您好，我是小李")
    with in_store(cast.a):
        assign(Ticket.objects.order_by("-number").first(), to=cast.ann, by=cast.bo, now=database_now())
    told = str([*buyer.side.look(), *buyer.ask("ping", have=0), Browser(cast.a, buyer.key, buyer.secret).hello()])
    assert "Lily" in told  # Bo's alias; Ann has none and is the store
    assert "Store A" in told
    for secret in ("CANARY-NOTE", "Bo", "Ann", "example.com"):
        assert secret not in told


def test_state_says_who_is_there_and_what_place_one_has(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    second = Browser(cast.a, buyer.key)
    second.hello()
    assert second.ask("message", client_id="second-1", text="二")[-1]["place"] == 2
    answered(cast, "在的", number=buyer.side.ticket)
    states = [frame for frame in buyer.side.look() if frame["type"] == "state"]
    assert [(state["is"], state["agent"], state["place"]) for state in states] == [("with_agent", "Lily", None)]
    place = next(frame for frame in second.ask("ping", have=0) if frame["type"] == "state")
    assert (place["is"], place["place"]) == ("waiting", 1)


def test_read_marks_go_both_ways(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    message = answered(cast, "二")
    assert message.delivery == "sent"
    with in_store(cast.a):
        desk_saw(Ticket.objects.get(pk=message.ticket_id), has=99, read=1)
    assert {"type": "receipts", "delivered": 3, "read": 1} in buyer.side.look()
    for seen, delivery in (({"delivered": 3, "read": 0}, "delivered"), ({"delivered": 0, "read": 99}, "read")):
        assert buyer.ask("seen", **seen) == []
        with in_store(cast.a):
            assert Message.objects.get(pk=message.pk).delivery == delivery
    buyer.ask("seen", delivered=1, read=0)  # never back
    with in_store(cast.a):
        chat = Chat.objects.get(pk=message.ticket_id)
        assert (chat.buyer_has, chat.buyer_read, chat.desk_has, chat.desk_read) == (3, 3, 3, 1)
        assert Outbox.objects.get(message_id=message.pk).next_try_at is None


def test_what_was_seen_is_marked_in_one_statement(buyer: Browser, cast: Cast) -> None:
    """Marks, messages and what is still to be mailed: a process that is killed can't leave one without the others."""
    buyer.say("一")
    message = answered(cast, "二")
    with in_store(cast.a):
        talk = talk_of(buyer.secret)
        assert talk is not None
        with CaptureQueriesContext(connection) as asked:
            buyer_saw(talk, delivered=3, read=3)
        assert len(asked) == 1
        assert Message.objects.get(pk=message.pk).delivery == "read"
        assert Chat.objects.get(pk=message.ticket_id).buyer_read == 3
        assert Outbox.objects.get(message_id=message.pk).next_try_at is None


# ---------------------------------------------------------------- who somebody is


@pytest.mark.parametrize("key", ["", "pk_0", "x" * 40])
def test_wrong_key_opens_nothing(cast: Cast, widget: ChatWidget, key: str) -> None:
    assert Browser(cast.a, key).hello()["code"] == "key"


def test_another_stores_key_and_secret_are_nothing_here(buyer: Browser, cast: Cast) -> None:
    buyer.say("CANARY-A 的话")
    own = widget_in(cast.b)
    assert Browser(cast.b, buyer.key, buyer.secret).hello()["code"] == "key"
    welcome = Browser(cast.b, own.key, buyer.secret).hello()
    assert (welcome["type"], welcome["messages"], welcome["conversation"]) == ("welcome", [], None)


def test_widget_that_is_off_ends_what_is_open(buyer: Browser, cast: Cast) -> None:
    with in_store(cast.a):
        set_widget({"is_on": False}, now=NOON)
    assert Browser(cast.a, buyer.key).hello()["code"] == "key"
    assert buyer.ask("ping", have=0)[0]["code"] == "key"
    assert buyer.side.is_over


FRAMES: list[tuple[str, dict[str, Any]]] = [
    ("message", {"client_id": "one-more-1", "text": "还有"}),
    ("ping", {"have": 0}),
    ("earlier", {"before": 3}),
    ("seen", {"delivered": 2, "read": 2}),
    ("typing", {"text": "x"}),
    ("rate", {"score": 5}),
    ("end", {}),
]


@pytest.mark.parametrize("change", [{"is_on": False}, {"sites": ["https://other.example"]}])
@pytest.mark.parametrize(("kind", "fields"), FRAMES)
def test_widget_or_site_that_is_taken_away_is_noticed_at_the_next_frame(
    cast: Cast, buyer: Browser, change: dict[str, Any], kind: str, fields: dict[str, Any]
) -> None:
    buyer.hello(page=f"{SITE}/tents?a=1")
    buyer.say("在吗")
    before = buyer.shown()
    with in_store(cast.a):
        set_widget(change, now=NOON + timedelta(minutes=1))
    assert [frame["code"] for frame in buyer.ask(kind, **fields)] == ["key"]
    assert buyer.side.is_over
    with in_store(cast.a):
        set_widget({"is_on": True, "sites": [SITE]}, now=NOON + timedelta(minutes=2))
    assert buyer.shown() == before


def test_widget_that_changes_otherwise_goes_on_as_it_is_now(cast: Cast, buyer: Browser) -> None:
    buyer.hello(page=f"{SITE}/")
    buyer.say("在吗")
    with in_store(cast.a):
        set_widget({"shows_typing": True, "sites": [SITE, "https://b.example"]}, now=NOON + timedelta(minutes=1))
    assert buyer.side.look() == []
    assert buyer.side.widget.shows_typing
    assert buyer.say("还在")["type"] == "sent"


def test_page_of_no_site_of_the_store_opens_nothing(cast: Cast, buyer: Browser) -> None:
    assert buyer.hello(page="https://evil.example/")["code"] == "key"
    for page in ("", "about:srcdoc", "http://store-a.localhost:8000/chat/try/", f"{SITE}:443/x"):
        assert buyer.hello(page=page)["type"] == "welcome"


def test_old_secret_expires(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    with in_store(cast.a):
        Visitor.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Browser(cast.a, buyer.key, buyer.secret).hello()["code"] == "expired"


def test_buyer_whom_the_shop_knows_has_one_history_on_every_device(
    buyer: Browser, cast: Cast, widget: ChatWidget
) -> None:
    token = sign(
        Identity("42", "林", "lin@example.com"), widget.identity_secret, expires=timezone.now() + timedelta(hours=1)
    )
    buyer.say("登录前的话")
    assert buyer.hello(identity=token)["messages"][0]["text"] == "登录前的话"
    phone = Browser(cast.a, buyer.key)
    assert phone.hello(identity=token)["messages"][0]["text"] == "登录前的话"
    # On a shared computer, after signing out at the shop, the same browser is nobody again.
    assert Browser(cast.a, buyer.key, phone.secret).hello()["code"] == "expired"
    with in_store(cast.a):
        assert Customer.objects.get(channel="widget").external_id == "u:42"


def test_forged_or_renewed_identity_is_anonymous(buyer: Browser, cast: Cast, widget: ChatWidget) -> None:
    who, until = Identity("42"), timezone.now() + timedelta(hours=1)
    known = sign(who, widget.identity_secret, expires=until)
    first = Browser(cast.a, buyer.key)
    first.hello(identity=known)
    first.say("私人的事")
    with in_store(cast.a):
        renew_identity_secret(now=NOON)
    other = widget_in(cast.b)
    for token in (known, sign(who, other.identity_secret, expires=until), known + "0", "42"):
        welcome = Browser(cast.a, buyer.key).hello(identity=token)
        assert (welcome["type"], welcome["messages"]) == ("welcome", [])


def test_form_comes_first_where_the_store_asks(cast: Cast) -> None:
    fields = [{"name": "email", "required": True}, {"name": "topic", "required": False}, {"name": "order"}]
    made = widget_in(cast.a, fields=fields, consent_en="Yes?")
    someone = Browser(cast.a, made.key)
    assert someone.hello()["introduced"] is False
    assert someone.say("一")["code"] == "introduce_first"
    for given, consent, field in (
        ({}, True, "email"),
        ({"email": "no address"}, True, "email"),
        ({"email": "a@example.com"}, False, "consent"),
        ({"email": "a@example.com", "topic": "weather"}, True, "topic"),
    ):
        assert someone.ask("introduce", fields=given, consent=consent)[0]["field"] == field
    given = {"email": "a@example.com", "topic": "logistics", "order": "E-7"}
    assert someone.ask("introduce", fields=given, consent=True) == [{"type": "introduced"}]
    assert someone.say("一")["type"] == "sent"
    with in_store(cast.a):
        ticket = Ticket.objects.get(customer__email="a@example.com")
        assert (ticket.category, ticket.subject) == ("logistics", "E-7")


# ---------------------------------------------------------------- offers


def test_offer_is_answered_once(buyer: Browser, cast: Cast) -> None:
    buyer.say("坏了")
    offer = answered(cast, "您希望怎么处理？", card=OFFER)
    item = next(frame for frame in buyer.side.look() if frame["type"] == "messages")["items"][0]
    assert [option["id"] for option in item["card"]["options"]] == ["A", "B"]
    sent = buyer.say("", choice={"seq": offer.seq, "option": "B"})
    assert sent["type"] == "sent"
    assert buyer.say("", choice={"seq": offer.seq, "option": "B"})["seq"] == sent["seq"]
    assert buyer.say("", choice={"seq": offer.seq, "option": "A"})["code"] == "offer_answered"
    with in_store(cast.a):
        said = Message.objects.get(ticket=offer.ticket_id, seq=sent["seq"])
        assert (said.body, said.card) == ("换新并赠券", {"type": "choice", "seq": offer.seq, "option": "B"})


@pytest.mark.parametrize("choice", [{"seq": 1, "option": "A"}, {"seq": 99, "option": "A"}, {"seq": 3, "option": "Z"}])
def test_choice_that_was_not_offered_is_refused(buyer: Browser, cast: Cast, choice: dict[str, Any]) -> None:
    buyer.say("坏了")
    answered(cast, "？", card=OFFER)
    assert buyer.say("", choice=choice)["field"] == "choice"


# ---------------------------------------------------------------- the end


def test_end_rating_and_transcript(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    assert buyer.ask("rate", score=5)[0]["code"] == "nothing_to_rate"
    answered(cast, "好了")
    assert buyer.ask("end")[0]["type"] == "messages"
    assert buyer.ask("rate", score=9)[0]["field"] == "score"
    assert buyer.ask("rate", score=4, comment="快")[0] == {"type": "rated", "score": 4}
    assert buyer.ask("transcript", email="nobody")[0]["field"] == "email"
    for _ in range(3):
        assert buyer.ask("transcript", email="buyer@example.com")[0]["type"] == "transcript"
    assert buyer.ask("transcript", email="buyer@example.com")[0]["code"] == "too_many_transcripts"
    with in_store(cast.a):
        chat = Chat.objects.get(pk=buyer.side.ticket)
        assert (chat.score, chat.comment, chat.ticket.state) == (4, "快", "closed")
        assert Outbox.objects.filter(ticket_number=chat.pk, channel="email", store=cast.a).count() == 3
    welcome = buyer.hello()
    assert (welcome["state"]["is"], welcome["rated"]) == ("ended", 4)
    assert buyer.say("还有一个问题")["type"] == "sent"
    assert buyer.hello()["state"]["is"] == "with_agent"


def test_agent_ends_it_and_the_buyer_is_told(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    with in_store(cast.a):
        close(Ticket.objects.get(pk=buyer.side.ticket), by=cast.bo, now=database_now())
    assert [frame["is"] for frame in buyer.side.look() if frame["type"] == "state"] == ["ended"]


def test_draft_is_kept_only_where_the_store_shows_it(buyer: Browser, cast: Cast) -> None:
    buyer.say("一")
    buyer.ask("typing", text="我的卡号是")
    with in_store(cast.a):
        assert Chat.objects.get(pk=buyer.side.ticket).draft == ""
        set_widget({"shows_typing": True}, now=NOON)
    buyer.hello()
    buyer.ask("typing", text="x" * 900)
    with in_store(cast.a):
        assert Chat.objects.get(pk=buyer.side.ticket).draft == "x" * 500
    buyer.say("二")
    with in_store(cast.a):
        assert Chat.objects.get(pk=buyer.side.ticket).draft == ""


def test_a_megabyte_of_emoji_is_refused_at_once(buyer: Browser) -> None:
    began = time.monotonic()
    assert buyer.say("😀" * 262_144)["field"] == "text"
    assert time.monotonic() - began < 5


def test_own_word_comes_back_as_everybody_reads_it(buyer: Browser, cast: Cast) -> None:
    """It is not read again for its author; another window of the same browser reads it."""
    buyer.say("第一句")
    frames = buyer.ask("message", client_id="own-word-1", text=" 第二句\n ")
    other = Browser(cast.a, buyer.key, buyer.secret)
    assert types(frames)[:2] == ["sent", "messages"]
    assert frames[1]["items"] == other.hello()["messages"][2:]
    again = buyer.ask("message", client_id="own-word-1", text=" 第二句\n ")
    assert (types(again), again[0]["seq"]) == (["sent"], frames[0]["seq"])


def test_own_word_brings_what_else_was_missed(buyer: Browser, cast: Cast) -> None:
    buyer.say("第一句")
    answered(cast, "您好")
    frames = buyer.ask("message", client_id="after-an-answer", text="在")
    assert [item["text"] for item in frames[1]["items"]] == ["您好", "在"]
