"""live and background: hints leave soon, in no answer's way, and before a process that is about to end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tenants import background, live
from tenants.background import Background
from tenants.models import Store


class Layer:
    """A channel layer that takes nothing before it is `open`, and counts who came by which loop."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.came = threading.Event()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.loops: set[int] = set()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.came.set()
        while not self.open.is_set():
            await asyncio.sleep(0.002)
        self.loops.add(id(asyncio.get_running_loop()))
        self.sent.append((group, message))

    def told(self, group: str) -> list[Any]:
        """What a group was told, in order: (type, store, ticket, seq, what came along)."""
        news = [item for _agency, message in self.sent for item in message["news"]]
        return [tuple(about) for there, *about in news if there == group]


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    live.flush(timeout=5)
    monkeypatch.setattr(live, "get_channel_layer", lambda: layer)
    return layer


@pytest.fixture
def announced(db: None, django_capture_on_commit_callbacks: Any) -> Callable[..., None]:
    """announced(store, ticket, seq): announced, and committed."""

    def announce(store: Store, ticket: int, seq: int, **brings: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            live.announce(store, ticket=ticket, seq=seq, **brings)

    return announce


STORE = Store(pk=7, agency_id=3)


def test_flush_waits_until_hints_are_sent(layer: Layer, announced: Callable[..., None]) -> None:
    layer.open.clear()
    announced(STORE, 12, 88)
    assert layer.sent == []
    threading.Timer(0.05, layer.open.set).start()
    assert live.flush(timeout=5)
    [(agency, message)] = layer.sent
    assert (agency, message["type"]) == ("agency.3", "told")
    assert layer.told("agency.3") == [("queue.changed", 7, 12, 88, None)]
    assert layer.told("watchers.7.12") == [("tickets.changed", 7, 12, 88, None)]


def test_flush_waits_no_longer_than_it_may(layer: Layer, announced: Callable[..., None]) -> None:
    layer.open.clear()
    announced(STORE, 12, 88)
    assert not live.flush(timeout=0.05)
    layer.open.set()
    assert live.flush(timeout=5)


def test_flush_of_nothing_is_at_once() -> None:
    live.flush(timeout=5)
    assert live.flush(timeout=0)


def test_ticket_that_changes_thrice_at_once_is_announced_once(layer: Layer, announced: Callable[..., None]) -> None:
    layer.open.clear()
    announced(STORE, 11, 1)  # while this one is sent
    assert layer.came.wait(5)
    for seq in (1, 2, 3):
        announced(STORE, 12, seq)
    layer.open.set()
    assert live.flush(timeout=5)
    assert layer.told("agency.3")[-1] == ("queue.changed", 7, 12, 3, None)
    assert layer.told("watchers.7.12")[-1] == ("tickets.changed", 7, 12, 3, None)
    assert len(layer.sent) == 2


def test_of_two_hints_in_the_wrong_order_the_later_word_is_read(layer: Layer, announced: Callable[..., None]) -> None:
    """Locks are gone before commits are told of: the word before may be told after."""
    layer.open.clear()
    announced(STORE, 12, 1)  # while this one is sent, two others come
    assert layer.came.wait(5)
    for seq in (6, 5):
        announced(STORE, 12, seq, to_desk={"for": 1, "item": {"seq": seq}})
    layer.open.set()
    assert live.flush(timeout=5)
    assert layer.told("watchers.7.12")[-1] == ("tickets.changed", 7, 12, 6, None)


def test_hints_go_by_one_loop_and_connection_for_each_thread(layer: Layer, announced: Callable[..., None]) -> None:
    for seq in (1, 2):
        announced(STORE, 12, seq)
        assert live.flush(timeout=5)
    assert (len(layer.sent), len(layer.loops)) == (2, 1)


def test_hung_layer_is_given_up(
    layer: Layer, announced: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.05)
    layer.open.clear()
    announced(STORE, 12, 88)
    assert live.flush(timeout=5)
    assert "hints: 2 not sent: TimeoutError" in caplog.text
    layer.open.set()
    announced(STORE, 12, 89)
    assert live.flush(timeout=5)
    assert layer.told("watchers.7.12") == [("tickets.changed", 7, 12, 89, None)]


# ---------------------------------------------------------------- the thread behind it


def test_what_comes_while_too_much_waits_is_dropped_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "MOST_UNSENT", 2)
    sent: list[dict[str, int]] = []
    began, goes_on = threading.Event(), threading.Event()

    def send(unsent: dict[str, int]) -> None:
        began.set()
        assert goes_on.wait(5)
        sent.append(unsent)

    sender: Background[str, int] = Background("test", send)
    sender.post("first", 0)
    assert began.wait(5)
    for key, value in (("a", 1), ("b", 1), ("c", 1), ("a", 2)):
        sender.post(key, value)
    goes_on.set()
    assert sender.flush()
    assert sent == [{"first": 0}, {"a": 2, "b": 1}]
    assert "test: 1 dropped" in caplog.text


def test_process_that_ends_at_once_loses_only_what_it_did_not_flush() -> None:
    """As RQ's work horses do: forked from a process whose thread does not come along, ended by os._exit."""
    there, here = os.pipe()
    os.set_blocking(there, False)
    sender: Background[bytes, None] = Background("test", lambda unsent: os.write(here, b"".join(unsent)) and None)
    sender.post(b"parent", None)
    assert sender.flush()
    assert os.read(there, 99) == b"parent"
    child = os.fork()
    if not child:
        sender.post(b"child", None)
        os._exit(0 if sender.flush() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert os.read(there, 99) == b"child"


def test_fork_while_something_is_being_sent_leaves_the_child_free() -> None:
    """The parent's lock and its unsent rows are the parent's."""
    release = threading.Event()
    sender: Background[str, None] = Background("test", lambda _unsent: release.wait(5) and None)
    sender.post("parent", None)
    with sender._changed:
        child = os.fork()
        if not child:
            os._exit(0 if sender.flush(timeout=0.1) else 1)
    release.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sender.flush()
