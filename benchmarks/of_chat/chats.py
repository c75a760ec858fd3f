"""Conversations between buyers and desks over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.of_chat.client import Buyer, Client, Desk, Thread

WORDS = "您好，我的包裹已经三天没有更新物流了，麻烦帮我看一下，谢谢。"
Say = Callable[[str], Awaitable[None]]  # says a text that begins with the given marker


class Chats:
    """Conversations of one store, between buyers' sockets and those of desks. `made` is what `prepare` printed."""

    def __init__(self, made: dict[str, Any], port: int, database_url: str, *, ping_every: float = 20.0) -> None:
        self.made, self.port, self.database_url, self.ping_every = made, port, database_url, ping_every
        self.desks: list[Desk] = []
        self.buyers: list[Buyer] = []
        self.tickets: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self, store: dict[str, Any], cookies: list[str], conversations: int) -> None:
        self.store = store
        self.desks = [Desk(self.port, self.made["host"], cookie, ping_every=self.ping_every) for cookie in cookies]
        shop = (self.port, store["host"], store["key"])
        self.buyers = [Buyer(*shop, ping_every=self.ping_every, seed=number) for number in range(conversations)]
        await self.run(self.desks)
        await self.run(self.buyers)
        for number, buyer in enumerate(self.buyers):
            await buyer.message(f"open-{number:04}", text_of(f"open-{number:04}"))
            if number % 20 == 19:
                await asyncio.sleep(0.2)
        await until(lambda: all(buyer.conversation for buyer in self.buyers), 120)
        numbers = await asyncio.to_thread(self._numbers)
        self.tickets = [numbers[str(buyer.conversation)] for buyer in self.buyers]
        for number, ticket in enumerate(self.tickets):
            await self.desk_of(number).watch(store["id"], ticket)
            if number % 20 == 19:
                await asyncio.sleep(0.2)
        await until(lambda: all(thread.items for desk in self.desks for thread in desk.threads.values()), 120)

    async def run(self, clients: Sequence[Client]) -> None:
        for number, client in enumerate(clients):
            self.tasks.append(asyncio.create_task(client.run()))
            if number % 20 == 19:
                await asyncio.sleep(0.1)
        for client in clients:
            await happens(client.ready, client, 60)

    def desk_of(self, number: int) -> Desk:
        return self.desks[number % len(self.desks)]

    def sayers(self) -> list[tuple[str, Say]]:
        """Who can speak: both sides of each conversation, `number-b` and `number-d`."""
        return [sayer for number in range(len(self.buyers)) for sayer in self._sayers(number)]

    def _sayers(self, number: int) -> list[tuple[str, Say]]:
        buyer, desk, key = self.buyers[number], self.desk_of(number), (self.store["id"], self.tickets[number])
        return [
            (f"{number}-b", lambda marker: buyer.message(client_id_of(marker), text_of(marker))),
            (f"{number}-d", lambda marker: desk.reply(client_id_of(marker), key, text_of(marker))),
        ]

    def odd(self) -> dict[str, Any]:
        """What none of the clients should have seen."""
        clients: list[Client] = [*self.buyers, *self.desks]
        threads = self.threads()
        refused: Counter[str] = sum((client.refused for client in clients), Counter())
        return {
            "repeats": sum(thread.repeats for thread in threads),
            "out_of_order": sum(thread.out_of_order for thread in threads),
            "closed": sum(sum(client.codes.values()) for client in clients),
            "refused": refused,
        }

    def threads(self) -> list[Thread]:
        return [buyer.thread for buyer in self.buyers] + [t for desk in self.desks for t in desk.threads.values()]

    def _numbers(self) -> dict[str, int]:
        with psycopg.connect(self.database_url) as connection:
            table = sql.Identifier(self.store["schema"], "tickets_chat")
            rows = connection.execute(sql.SQL("SELECT public_id::text, ticket_id FROM {}").format(table)).fetchall()
        return dict(rows)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def happens(event: asyncio.Event, client: Client, seconds: float) -> None:
    """Raises TimeoutError with what the client was told meanwhile."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        told = f"refused {dict(client.refused)}, closed {dict(client.codes)}, unsent {list(client.unsent)}"
        raise TimeoutError(f"nothing within {seconds} s: {told}") from None


async def until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("not ready to be measured")
        await asyncio.sleep(0.1)


def text_of(marker: str) -> str:
    return f"{marker} {WORDS}"


def client_id_of(marker: str) -> str:
    """A marker may be shorter than a client_id."""
    return marker.ljust(8, "_")


def marker_of(client_id: str) -> str:
    return client_id.rstrip("_")
