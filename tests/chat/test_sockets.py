"""The sockets themselves: what is refused before it is heard, and a buyer and an agent who hear each other."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.utils import timezone

from tenants import live
from tenants.bucket import Bucket, Places
from tenants.context import in_store
from tenants.hosts import SESSION_HOST
from tenants.models import Store, User
from tests.scenes import in_a_thread
from tests.sockets import Socket
from tickets.actions.set_widget import set_widget
from tickets.chat import consumers
from tickets.chat.buyer import BuyerSide
from tickets.chat.desk import DeskSide
from tickets.live import consumers as desks
from tickets.models import Message, Ticket

HOST, AGENCY_HOST = "store-real.localhost", "north.localhost"


@pytest.fixture
def key(real_store: Store) -> str:
    """Of the widget of a store that is really committed."""

    def made() -> str:
        with in_store(real_store):
            return str(set_widget({"sites": ["https://shop.example"]}, now=timezone.now()).key)

    return in_a_thread(made)


@pytest.fixture
def session(real_store: Store) -> Iterator[str]:
    """Ann's, at the agency's host."""

    def made() -> str:
        ann = User.objects.get(email="ann@example.com")
        store = SessionStore()
        store[SESSION_KEY] = str(ann.pk)
        store[BACKEND_SESSION_KEY] = "tenants.sign_in.PlaceBackend"
        store[HASH_SESSION_KEY] = ann.get_session_auth_hash()
        store[SESSION_HOST] = AGENCY_HOST
        store.create()
        return str(store.session_key)

    found = in_a_thread(made)
    yield found
    in_a_thread(lambda: SessionStore(found).delete())


def widget_socket(host: str = HOST, origin: str | None = None, address: str = "192.0.2.1") -> Socket:
    origin = f"http://{host}" if origin is None else origin
    made = Socket("/ws/chat/", [(b"host", host.encode()), (b"origin", origin.encode())])
    made.scope["client"] = (address, 5)
    return made


def desk_socket(session: str) -> Socket:
    headers = [(b"host", AGENCY_HOST.encode()), (b"origin", f"http://{AGENCY_HOST}".encode())]
    return Socket("/ws/desk/", [*headers, (b"cookie", f"session={session}".encode())])


async def say(one: Socket, kind: str, **fields: Any) -> None:
    await one.write(json.dumps({"type": kind, **fields}))


async def hear(one: Socket, kind: str) -> dict[str, Any]:
    """The next frame of this type; what comes before it is let go."""
    for _ in range(20):
        frame = await one.read()
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"no {kind}")


async def hello(key: str, **fields: Any) -> Socket:
    one = widget_socket()
    assert await one.connect()
    await say(one, "hello", v=1, key=key, secret=secrets.token_urlsafe(32), **fields)
    await hear(one, "welcome")
    return one


Scene = Callable[[], Coroutine[Any, Any, None]]


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://shop.example",
        "http://store-a.localhost",
        f"https://{HOST}",
        f"http://{HOST}:81",
        f"http://{HOST}.evil.example",
    ],
)
def test_foreign_origin_is_not_let_in(key: str, origin: str) -> None:
    async def scene() -> None:
        assert await widget_socket(origin=origin).connect() is False

    asyncio.run(scene())


@pytest.mark.parametrize("host", [AGENCY_HOST, "localhost", "nobody.localhost"])
def test_hosts_without_a_store_have_no_chat(key: str, host: str) -> None:
    async def scene() -> None:
        assert await widget_socket(host).connect() is False

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "hello", "v": 1, "key": "pk_wrong", "secret": "A" * 43}, 4404),
        ({"type": "hello", "v": 9, "key": "pk_wrong", "secret": "A" * 43}, 4400),
        ({"type": "ping"}, 4400),
        ({"type": "nonsense"}, 4400),
    ],
)
def test_who_does_not_say_hello_is_told_why_and_closed(key: str, frame: dict[str, Any], code: int) -> None:
    async def scene() -> None:
        one = widget_socket()
        assert await one.connect()
        await one.write(json.dumps(frame))
        assert (await one.read())["type"] == "refused"
        assert await one.closed_with() == code

    asyncio.run(scene())


def test_binary_frames_are_no_protocol(key: str) -> None:
    async def scene() -> None:
        one = await hello(key)
        await one.send_input({"type": "websocket.receive", "bytes": b"\x00" * 100})
        assert (await one.read())["type"] == "bye"
        assert await one.closed_with() == 4400

    asyncio.run(scene())


def test_silence_before_hello_is_closed(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "HELLO_WITHIN", 0.05)

    async def scene() -> None:
        one = widget_socket()
        assert await one.connect()
        assert await one.closed_with() == 4408

    asyncio.run(scene())


def test_one_address_holds_only_so_many(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "sockets_of_address", Places(2))

    async def scene() -> None:
        held = [widget_socket() for _ in range(2)]
        assert [await one.connect() for one in held] == [True, True]
        third = widget_socket()
        assert await third.connect() is True
        assert await third.closed_with() == 4429
        other = widget_socket(address="192.0.2.2")
        assert await other.connect() is True
        await held[0].disconnect()
        again = widget_socket()
        assert await again.connect() is True
        for one in (held[1], other, again):
            await one.disconnect()

    asyncio.run(scene())


def test_too_many_frames_are_refused_and_then_closed(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers.BuyerConsumer, "TOO_MUCH", 5)

    async def scene() -> None:
        one = await hello(key)
        for _ in range(60):
            await say(one, "typing", text="x")
        refused = [await one.read() for _ in range(5)]
        assert {frame["code"] for frame in refused} == {"too_fast"}
        assert await one.closed_with() == 4429

    asyncio.run(scene())


def test_buyer_and_agent_hear_each_other(key: str, session: str, real_store: Store) -> None:
    async def scene() -> None:
        buyer, desk = await hello(key), desk_socket(session)
        assert await desk.connect()
        await hear(desk, "hello")
        await say(buyer, "message", client_id="message-1", text="在吗？")
        assert (await hear(buyer, "sent"))["seq"] == 1
        hint = (await hear(desk, "tickets.changed"))["tickets"][0]
        where = {"store": hint["store"], "ticket": hint["ticket"]}
        await say(desk, "watch", **where, have=0)
        assert (await hear(desk, "messages"))["items"][0]["text"] == "在吗？"
        await say(desk, "typing", **where, on=True)
        assert (await hear(buyer, "typing"))["on"] is True
        await say(buyer, "message", client_id="message-2", text="喂？")
        assert [item["text"] for item in (await hear(desk, "messages"))["items"]] == ["喂？"]
        # The agent answers what they saw; the buyer has written meanwhile.
        await say(desk, "reply", **where, client_id="reply-001", text="在的", seen=2)
        refused = await hear(desk, "refused")
        assert (refused["code"], [item["text"] for item in refused["missed"]]) == ("ticket_moved_on", ["喂？"])
        await say(desk, "reply", **where, client_id="reply-001", text="在的", seen=3)
        assert (await hear(desk, "sent"))["seq"] == 4
        item = (await hear(buyer, "messages"))["items"][-1]
        while item["kind"] != "agent":
            item = (await hear(buyer, "messages"))["items"][-1]
        assert (item["text"], item["author"]) == ("在的", "Real")
        await say(buyer, "typing", text="好")
        assert (await hear(desk, "typing"))["text"] == ""
        await buyer.disconnect()
        await desk.disconnect()

    asyncio.run(scene())


def test_words_of_a_chat_that_somebody_has_come_without_a_look(
    key: str, session: str, real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        buyer, desk = await hello(key), desk_socket(session)
        assert await desk.connect()
        await hear(desk, "hello")
        await say(buyer, "message", client_id="message-1", text="在吗？")
        where = (await hear(desk, "tickets.changed"))["tickets"][0]
        where = {"store": where["store"], "ticket": where["ticket"]}
        await say(desk, "watch", **where, have=0)
        seen = (await hear(desk, "messages"))["items"][-1]["seq"]
        await say(desk, "reply", **where, client_id="reply-001", text="在的", seen=seen)
        await hear(desk, "sent")
        while (await hear(buyer, "state"))["is"] != "with_agent":
            pass
        for side in (DeskSide, BuyerSide):
            monkeypatch.setattr(side, "look", lambda *_, **__: [])
        for number in range(2):
            await say(buyer, "message", client_id=f"question-{number}", text=f"问{number}")
            while (item := (await hear(desk, "messages"))["items"][-1])["text"] != f"问{number}":
                pass
            await say(desk, "reply", **where, client_id=f"answer-0{number}", text=f"答{number}", seen=item["seq"])
            while (await hear(buyer, "messages"))["items"][-1]["text"] != f"答{number}":
                pass
        await buyer.disconnect()
        await desk.disconnect()

    asyncio.run(scene())


def test_same_client_id_twenty_times_at_once_is_one_message(key: str, real_store: Store) -> None:
    secret = secrets.token_urlsafe(32)

    async def one_of_them() -> int:
        one = widget_socket()
        assert await one.connect()
        await say(one, "hello", v=1, key=key, secret=secret)
        await hear(one, "welcome")
        await say(one, "message", client_id="once-only", text="一次")
        seq = (await hear(one, "sent"))["seq"]
        await one.disconnect()
        return int(seq)

    async def scene() -> list[int]:
        return await asyncio.gather(*(one_of_them() for _ in range(20)))

    assert set(asyncio.run(scene())) == {1}

    def written() -> tuple[int, int]:
        with in_store(real_store):
            return Message.objects.filter(kind="buyer").count(), Ticket.objects.count()

    assert in_a_thread(written) == (1, 1)


def test_suspended_store_ends_its_chats(key: str, real_store: Store) -> None:
    async def scene() -> None:
        one = await hello(key)
        suspended = partial(Store.objects.filter(pk=real_store.pk).update, state=Store.State.SUSPENDED)
        await asyncio.to_thread(in_a_thread, suspended)
        await say(one, "ping", have=0)
        assert (await one.read())["code"] == "unavailable"
        assert await one.closed_with() == 1013

    asyncio.run(scene())


@pytest.mark.parametrize("change", [{"is_on": False}, {"sites": []}])
def test_widget_that_is_taken_away_ends_its_chats_at_once(key: str, real_store: Store, change: dict[str, Any]) -> None:
    """Also of somebody who only looks: nothing is said, and nothing asked."""

    def take_away() -> None:
        with in_store(real_store):
            set_widget(change, now=timezone.now())

    async def scene() -> None:
        talks, looks = [await hello(key, page="https://shop.example/") for _ in range(2)]
        await say(talks, "message", client_id="message-1", text="在吗？")
        for one in (talks, looks):
            await say(one, "ping", have=0)
            await hear(one, "pong")  # by now it hears of its store's widget
        await asyncio.to_thread(in_a_thread, take_away)
        for one in (talks, looks):
            assert (await hear(one, "refused"))["code"] == "key"
            assert await one.closed_with() == 4404

    asyncio.run(scene())


def test_bucket_lets_through_what_it_should() -> None:
    bucket = Bucket(1000.0, 3)
    assert [bucket.take() for _ in range(3)] == [True] * 3
    slow = Bucket(0.001, 2)
    assert [slow.take() for _ in range(4)] == [True, True, False, False]


# ---------------------------------------------------------------- what breaks, comes back or ends


def test_desk_outlives_the_database_and_not_its_persons_sign_out(
    session: str, key: str, real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "GATE_LASTS", 0.05)
    asked: list[int] = []

    def away(ask_again: object) -> None:
        asked.append(1)
        raise OperationalError

    async def scene() -> None:
        desk = desk_socket(session)
        assert await desk.connect()
        await hear(desk, "hello")
        with monkeypatch.context() as patch:
            patch.setattr(desks, "stores_now", away)
            while len(asked) < 3:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        buyer = await hello(key)
        await say(buyer, "message", client_id="message-1", text="在吗？")
        assert (await hear(desk, "tickets.changed"))["tickets"][0]["store"] == real_store.pk
        await asyncio.to_thread(in_a_thread, lambda: SessionStore(session).delete())
        assert await desk.closed_with() == 4401
        await buyer.disconnect()

    asyncio.run(scene())


def test_desk_whose_gate_can_not_be_asked_any_more_is_closed(
    session: str, real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "GATE_LASTS", 0.05)

    async def scene() -> None:
        desk = desk_socket(session)
        assert await desk.connect()
        await hear(desk, "hello")
        monkeypatch.setattr(desks, "stores_now", lambda ask_again: 1 / 0)
        assert await desk.closed_with() == 1011

    asyncio.run(scene())


def test_socket_that_breaks_gives_back_what_it_held(
    key: str, session: str, real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(1)
    monkeypatch.setattr(consumers, "sockets_of_address", places)

    def broken(*args: object) -> None:
        raise ZeroDivisionError

    async def scene() -> None:
        buyer, desk = await hello(key), desk_socket(session)
        assert await desk.connect()
        await hear(desk, "hello")
        monkeypatch.setattr(BuyerSide, "answer", broken)
        monkeypatch.setattr(DeskSide, "answer", broken)
        for each in (buyer, desk):
            await say(each, "ping", have=[])
            with pytest.raises(ZeroDivisionError):
                await each.wait(5)
        assert places.take("192.0.2.1")
        # Nobody goes on saying that this person is there.
        assert not [task for task in asyncio.all_tasks() if "_keep_asking" in str(task)]

    asyncio.run(scene())


def test_redis_that_hangs_delays_no_message_behind_a_typing_sign(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hung(agency: int, group: str, event: object) -> None:
        await asyncio.sleep(5)

    async def scene() -> None:
        buyer = await hello(key)
        await say(buyer, "message", client_id="message-1", text="在吗？")
        await hear(buyer, "sent")
        monkeypatch.setattr(live, "pass_on", hung)
        for _ in range(3):
            await say(buyer, "typing", text="x")
        await say(buyer, "message", client_id="message-2", text="喂？")
        began = time.monotonic()
        await hear(buyer, "sent")
        assert time.monotonic() - began < 3
        await buyer.disconnect()

    asyncio.run(scene())
