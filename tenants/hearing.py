"""What one process hears for its sockets. It listens once to each agency of theirs, and knows who wants what."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag

log = logging.getLogger(__name__)

LISTS_EVERY: Final = 0.25  # seconds; every desk of the agency is told what its list is about
DEAF_FOR: Final = 0.1  # seconds, after a layer that raised
COMPLAINS_EVERY: Final = 10.0  # seconds; of what can't be read there may be much

Brought = Mapping[str, Any]  # JSON
Told = tuple[int, Brought | None]  # seq, and what comes along with it for who has everything before


def of_both(one: Told, other: Told) -> Told:
    """Of two hints of a ticket, which may come in any order, the later seq; neither brings anything: it is read."""
    return max(one[0], other[0]), None


class Hearer(Protocol):
    """A socket. Both return at once."""

    def hear_hints(self, kind: str, about: Mapping[tuple[int, int], Told]) -> None: ...
    def hear_event(self, event: Mapping[str, Any]) -> None: ...


class Ear:
    """Of one event loop, and used from there alone, but for `agencies`, which others may look at."""

    def __init__(self) -> None:
        self.agencies: Counter[int] = Counter()  # how often they were joined
        self._members: dict[str, set[Hearer]] = {}
        self._lists: dict[str, dict[tuple[int, int], Told]] = {}  # group → what is told with the next turn
        self._heard_by: set[str] = set()  # groups of the layer that this process is in
        self._channel = ""
        self._listening: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._unread = 0  # since it was last told
        self._complains_at = 0.0

    async def join(self, layer: Any, agency: int, of_agency: str, group: str, who: Hearer) -> None:
        """From now on. Raises what the layer raises; who has joined hears its own process all the same."""
        members = self._members.setdefault(group, set())
        if who not in members:
            members.add(who)
            self.agencies[agency] += 1
        if of_agency not in self._heard_by:
            async with self._one_at_a_time:
                await self._listen_to(layer, of_agency)

    async def leave(self, layer: Any, agency: int, of_agency: str, group: str, who: Hearer) -> None:
        members = self._members.get(group, set())
        if who not in members:
            return
        members.discard(who)
        if not members:
            del self._members[group]
        self.agencies[agency] -= 1
        if not self.agencies[agency]:
            async with self._one_at_a_time:
                if not self.agencies[agency] and of_agency in self._heard_by:
                    del self.agencies[agency]
                    self._heard_by.discard(of_agency)
                    await layer.group_discard(of_agency, self._channel)

    async def _listen_to(self, layer: Any, of_agency: str) -> None:
        if of_agency in self._heard_by:
            return
        if self._listening is None or self._listening.done():
            self._channel = await layer.new_channel()
            self._listening = asyncio.create_task(self._listen(layer, self._channel))
        await layer.group_add(of_agency, self._channel)
        self._heard_by.add(of_agency)

    async def _listen(self, layer: Any, channel: str) -> None:
        while True:
            try:
                message = await layer.receive(channel)
            except InvalidTag as error:  # sealed with a key that is not ours, and gone from the queue
                self._complain(error)
                continue
            except Exception as error:  # the layer itself
                self._complain(error)
                await asyncio.sleep(DEAF_FOR)
                continue
            try:
                match message["type"]:
                    case "told":
                        self.hear({tuple(about): (seq, brought) for *about, seq, brought in message["news"]})
                    case "passed.on":
                        self.hear_event(message["group"], message["event"])
                    case "own":
                        continue  # heard already
            except Exception as error:  # whatever an older or a newer process has meant, all others are heard
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._unread += 1
        now = asyncio.get_running_loop().time()
        if now >= self._complains_at:
            log.warning("%s not understood: %s", self._unread, type(error).__name__)
            self._unread, self._complains_at = 0, now + COMPLAINS_EVERY

    def hear(self, news: Mapping[tuple[Any, ...], Told]) -> None:
        """(group, type, store, ticket) → what is told. What is about lists waits for its turn."""
        for (group, kind, store, ticket), told in news.items():
            if kind == "queue.changed":
                self._list_changed(group, store, ticket, told)
            else:
                for who in self._of(group):
                    who.hear_hints(kind, {(store, ticket): told})

    def hear_event(self, group: str, event: Mapping[str, Any]) -> None:
        for who in self._of(group):
            who.hear_event(event)

    def _of(self, group: str) -> Iterable[Hearer]:
        return tuple(self._members.get(group, ()))

    def _list_changed(self, group: str, store: int, ticket: int, told: Told) -> None:
        if group not in self._members:
            return
        if group not in self._lists:
            self._lists[group] = {}
            asyncio.get_running_loop().call_later(LISTS_EVERY, self._tell_lists, group)
        changed = self._lists[group]
        changed[store, ticket] = of_both(told, changed.get((store, ticket), told))

    def _tell_lists(self, group: str) -> None:
        changed = self._lists.pop(group)
        for who in self._of(group):
            who.hear_hints("queue.changed", changed)
