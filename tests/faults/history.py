"""Buyers and desks talk while a nemesis kills; then both sides and PostgreSQL are asked for the same history."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from websockets.exceptions import WebSocketException

from benchmarks.of_chat.chats import Chats, marker_of, until
from benchmarks.of_chat.client import Buyer
from tests.faults.machine import Machine

CONVERGED_WITHIN = 30.0  # seconds, from when the last fault was repaired
CUTS = 0.1  # of all words
SILENT = {"note"}  # kinds that no buyer is shown


@dataclass
class Outcome:
    """What happened. `anomalies` says in words what should not have."""

    seed: int
    operations: list[str] = field(default_factory=list)
    said: int = 0
    sent: int = 0
    converged_after: float | None = None
    anomalies: list[str] = field(default_factory=list)
    closed: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        took = "never" if self.converged_after is None else f"{self.converged_after:.1f} s"
        lines = [
            f"seed {self.seed}",
            f"operations {dict(Counter(self.operations))}",
            f"messages {self.said} said, {self.sent} sent; closed {dict(self.closed)}, refused {dict(self.refused)}",
            f"both sides alike after {took}",
            f"anomalies {len(self.anomalies)} of {self.said}",
            *self.anomalies[:50],
        ]
        return "\n".join(lines)


@dataclass
class Nemesis:
    """Does what it is told to the machine, and waits until that works again."""

    machine: Machine
    chats: Chats

    async def do(self, operation: str) -> None:
        if operation == "slow-reader":
            await self._slow_reader()
        elif operation == "drain":
            await asyncio.to_thread(self.machine.drain)
        else:
            await asyncio.to_thread(self.machine.kill, operation)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.machine.wait_until_ready)

    async def _slow_reader(self) -> None:
        """A socket that asks for all that it may and reads nothing, for three seconds."""
        store = self.chats.store
        buyer = Buyer(self.machine.port, store["host"], store["key"])
        with suppress(OSError, WebSocketException, TimeoutError):
            async with buyer.address.open() as buyer.socket:
                await buyer.greet()
                for _ in range(30):
                    await buyer.socket.send('{"type": "ping"}')
                await asyncio.sleep(3)


async def run(
    machine: Machine, made: dict[str, Any], operations: Sequence[str], *, seed: int, conversations: int, pause: float
) -> Outcome:
    """Opens the conversations, has each operation done after up to `pause` seconds of talk, and checks."""
    outcome = Outcome(seed)
    chats = Chats(made, machine.port, machine.database_url, ping_every=8)
    try:
        await chats.open(made["stores"][0], made["cookies"], conversations)
        talking = asyncio.create_task(talk(chats, outcome))
        nemesis, chance = Nemesis(machine, chats), random.Random(seed)
        for operation in operations:
            await asyncio.sleep(chance.uniform(pause / 2, pause))
            outcome.operations.append(operation)
            await nemesis.do(operation)
        talking.cancel()
        await converge(chats, outcome)
        outcome.anomalies += await asyncio.to_thread(anomalies, chats)
    finally:
        for client in (*chats.buyers, *chats.desks):
            outcome.sent += len(client.sent)
            outcome.closed += client.codes
            outcome.refused += client.refused
        await chats.close()
    return outcome


async def talk(chats: Chats, outcome: Outcome) -> None:
    """A word every tenth of a second from a random side, until cancelled. The sides keep what is not `sent` yet.

    Now and then the connection is cut right after the word: whether it arrived, its author cannot know.
    """
    chance, sayers = random.Random(outcome.seed), chats.sayers()
    while True:
        who, say = chance.choice(sayers)
        await say(f"f-{who}-{outcome.said}")
        outcome.said += 1
        if chance.random() < CUTS:
            await asyncio.sleep(chance.uniform(0.0, 0.03))
            cut(chats, who)
        await asyncio.sleep(chance.uniform(0.05, 0.15))


def cut(chats: Chats, who: str) -> None:
    number, _, side = who.partition("-")
    client = chats.buyers[int(number)] if side == "b" else chats.desk_of(int(number))
    if client.socket is not None:
        client.socket.transport.abort()


async def converge(chats: Chats, outcome: Outcome) -> None:
    """Notes how long it took until nothing was unsent and each buyer held what their desk held."""
    began = time.monotonic()
    with suppress(TimeoutError):
        await until(lambda: all(alike(chats, number) for number in range(len(chats.buyers))), CONVERGED_WITHIN)
        outcome.converged_after = time.monotonic() - began
        return
    outcome.anomalies.append(f"the sides were not alike after {CONVERGED_WITHIN:.0f} s")


def alike(chats: Chats, number: int) -> bool:
    buyer, desk = chats.buyers[number], chats.desk_of(number)
    return not buyer.unsent and not desk.unsent and at_buyer(chats, number) == at_desk(chats, number)


Said = list[tuple[int, str]]  # seq and text, in the order of their coming


def at_buyer(chats: Chats, number: int) -> Said:
    return [(seq, item["text"]) for seq, item in chats.buyers[number].thread.items.items()]


def at_desk(chats: Chats, number: int) -> Said:
    thread = chats.desk_of(number).threads[chats.store["id"], chats.tickets[number]]
    return [(seq, item["text"]) for seq, item in thread.items.items() if item["kind"] not in SILENT]


def anomalies(chats: Chats) -> list[str]:
    """In words: what is lost, twice, out of order, or not the same everywhere."""
    found = []
    with psycopg.connect(chats.database_url) as connection:
        for number, ticket in enumerate(chats.tickets):
            rows = connection.execute(
                sql.SQL("SELECT seq, body, kind FROM {} WHERE ticket_id = %s ORDER BY seq").format(
                    sql.Identifier(chats.store["schema"], "tickets_message")
                ),
                [ticket],
            ).fetchall()
            truth = [(seq, body) for seq, body, kind in rows if kind not in SILENT]
            for side, held in (("buyer", at_buyer(chats, number)), ("desk", at_desk(chats, number))):
                if held != truth:
                    found.append(f"conversation {number}: {difference(side, held, truth)}")
            found += twice(number, truth)
    found += unkept(chats)
    odd = chats.odd()
    if odd["out_of_order"]:
        found.append(f"{odd['out_of_order']} messages came after one with a higher seq")
    return found


def difference(side: str, held: Said, truth: Said) -> str:
    missing, more = set(truth) - set(held), set(held) - set(truth)
    if not missing and not more:
        return f"the {side} has the same in another order"
    return f"the {side} lacks {sorted(missing)[:3]} and has {sorted(more)[:3]} that PostgreSQL has not"


def twice(number: int, truth: Said) -> list[str]:
    counts = Counter(body.partition(" ")[0] for _, body in truth if body.startswith("f-"))
    return [f"conversation {number}: {marker} is there {count} times" for marker, count in counts.items() if count > 1]


def unkept(chats: Chats) -> list[str]:
    """What was `sent`, and is not in the thread of who said it under the seq that it was promised."""
    found = []
    for number, buyer in enumerate(chats.buyers):
        for client_id, sent in buyer.sent.items():
            item = buyer.thread.items.get(sent["seq"])
            if item is None or not item["text"].startswith(marker_of(client_id)):
                found.append(f"conversation {number}: {client_id} was sent as {sent['seq']}, which is {item}")
    for desk in chats.desks:
        for client_id, sent in desk.sent.items():
            item = desk.threads[sent["store"], sent["ticket"]].items.get(sent["seq"])
            if item is None or not item["text"].startswith(marker_of(client_id)):
                found.append(f"ticket {sent['ticket']}: {client_id} was sent as {sent['seq']}, which is {item}")
    return found
