"""hearing: sockets of this process hear at once, others by one message an agency, and nobody twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from tenants import hearing, live
from tenants.layer import OWN


class Listener:
    """What a socket is to an ear."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, int, int, int]] = []
        self.brought: list[hearing.Brought] = []
        self.events: list[Mapping[str, Any]] = []

    def hear_hints(self, kind: str, about: Mapping[tuple[int, int], hearing.Told]) -> None:
        self.hints += [(kind, *key, seq) for key, (seq, _) in about.items()]
        self.brought += [brought for _, brought in about.values() if brought]

    def hear_event(self, event: Mapping[str, Any]) -> None:
        self.events.append(event)


class Layer:
    """A channel layer with one group after another, and a queue in which other processes' messages are put."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.is_away = False

    async def new_channel(self) -> str:
        if self.is_away:
            raise ConnectionError
        return "channel"

    async def group_add(self, group: str, channel: str) -> None:
        if self.is_away:
            raise ConnectionError
        self.groups.append(group)

    async def group_discard(self, group: str, channel: str) -> None:
        self.groups.remove(group)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.is_away:
            raise ConnectionError

    async def receive(self, channel: str) -> dict[str, Any]:
        message: dict[str, Any] | Exception = await self.queue.get()
        if isinstance(message, Exception):
            raise message
        return message


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    monkeypatch.setattr(live, "get_channel_layer", lambda: layer)
    return layer


WORD = {"for": 5, "item": {"seq": 6}}


def changed(seq: int, ticket: int = 12) -> dict[live.News, hearing.Told]:
    return {
        ("watchers.7.12", "tickets.changed", 7, ticket): (seq, WORD),
        ("agency.3", "queue.changed", 7, ticket): (seq, None),
    }


def wire(seq: int) -> dict[str, Any]:
    return {"type": "told", "news": [[*about, *told] for about, told in changed(seq).items()]}


def test_own_process_hears_at_once_also_while_redis_is_away(layer: Layer) -> None:
    async def scene() -> None:
        layer.is_away = True
        one = Listener()
        assert await live.join(3, "watchers.7.12", one) is False
        await asyncio.to_thread(live._tell, 3, changed(88))
        await asyncio.sleep(0.01)
        assert one.hints == [("tickets.changed", 7, 12, 88)]
        layer.is_away = False
        assert await live.join(3, "watchers.7.12", one) is True
        assert layer.groups == ["agency.3"]

    asyncio.run(scene())


def test_other_process_is_heard_and_the_own_not_twice(layer: Layer) -> None:
    async def scene() -> None:
        one = Listener()
        assert await live.join(3, "watchers.7.12", one)
        layer.queue.put_nowait(OWN)
        layer.queue.put_nowait(wire(6))
        await asyncio.sleep(0.01)
        assert one.hints == [("tickets.changed", 7, 12, 6)]
        assert one.brought == [WORD]
        event = {"type": "passed.on", "group": "watchers.7.12", "event": {"type": "chat.typing"}}
        layer.queue.put_nowait(event)
        layer.queue.put_nowait({**event, "group": "buyer.7.12"})
        await asyncio.sleep(0.01)
        assert one.events == [{"type": "chat.typing"}]

    asyncio.run(scene())


def test_each_hears_its_own_groups_and_no_other(layer: Layer) -> None:
    async def scene() -> None:
        watcher, desk, buyer, elsewhere = (Listener() for _ in range(4))
        for agency, group, who in (
            (3, "watchers.7.12", watcher),
            (3, "agency.3", desk),
            (3, "buyer.7.12", buyer),
            (4, "agency.4", elsewhere),
        ):
            assert await live.join(agency, group, who)
        live._tell(3, changed(88))
        await live.pass_on(3, "watchers.7.12", {"type": "chat.typing"})
        await asyncio.sleep(hearing.LISTS_EVERY + 0.1)
        assert (watcher.hints, len(watcher.events)) == ([("tickets.changed", 7, 12, 88)], 1)
        assert (desk.hints, desk.events) == ([("queue.changed", 7, 12, 88)], [])
        for silent in (buyer, elsewhere):
            assert (silent.hints, silent.events) == ([], [])

    asyncio.run(scene())


def test_lists_are_told_of_a_ticket_once_a_turn(layer: Layer) -> None:
    async def scene() -> None:
        desk = Listener()
        assert await live.join(3, "agency.3", desk)
        for seq in (1, 3, 2):
            live._tell(3, changed(seq))
        await asyncio.sleep(0.02)
        assert desk.hints == []
        await asyncio.sleep(hearing.LISTS_EVERY + 0.1)
        assert desk.hints == [("queue.changed", 7, 12, 3)]

    asyncio.run(scene())


def test_who_left_hears_no_more_and_the_last_one_lets_the_agency_go(layer: Layer) -> None:
    async def scene() -> None:
        one, other = Listener(), Listener()
        for who in (one, other, one):  # again is once
            assert await live.join(3, "watchers.7.12", who)
        await live.leave(3, "watchers.7.12", one)
        await live.leave(3, "watchers.7.12", one)
        live._tell(3, changed(88))
        await asyncio.sleep(0.01)
        assert (one.hints, len(other.hints), layer.groups) == ([], 1, ["agency.3"])
        await live.leave(3, "watchers.7.12", other)
        assert layer.groups == []
        ear = live._ear()
        assert (ear._members, dict(ear.agencies)) == ({}, {})

    asyncio.run(scene())


def test_what_nobody_understands_makes_nobody_deaf(layer: Layer, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        one = Listener()
        assert await live.join(3, "watchers.7.12", one)
        strange: list[Any] = [{}, "told", {"type": "told", "news": [[1]]}, {"type": "passed.on"}]
        for message in [InvalidTag(), *strange] * 50:
            layer.queue.put_nowait(message)
        layer.queue.put_nowait(wire(6))
        await asyncio.sleep(0.1)
        assert one.hints == [("tickets.changed", 7, 12, 6)]

    asyncio.run(scene())
    assert caplog.text.count("not understood") == 1


def test_layer_that_fails_is_asked_again_but_not_at_once(layer: Layer) -> None:
    async def scene() -> None:
        one = Listener()
        assert await live.join(3, "watchers.7.12", one)
        for _ in range(3):
            layer.queue.put_nowait(ConnectionError())
        layer.queue.put_nowait(wire(6))
        await asyncio.sleep(hearing.DEAF_FOR / 2)
        assert one.hints == []
        await asyncio.sleep(4 * hearing.DEAF_FOR)
        assert one.hints == [("tickets.changed", 7, 12, 6)]

    asyncio.run(scene())


def test_ears_of_loops_that_ended_are_forgotten(layer: Layer) -> None:
    async def scene() -> None:
        assert await live.join(3, "agency.3", Listener())

    asyncio.run(scene())
    live._tell(3, changed(1))  # nobody is there, and nothing breaks
