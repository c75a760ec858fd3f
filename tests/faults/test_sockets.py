"""What only a real server shows of a socket: time-outs, sizes, who does not read, who is too many, a restart."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks.of_chat.chats import Chats
from benchmarks.of_chat.client import Buyer, Desk
from tests.faults.machine import Machine

IDLE = 8.0  # seconds; redis-py's own time-out is 5
PER_PROCESS = 100  # CHAT_SOCKETS_PER_ADDRESS
WEB_PROCESSES = 2


def buyer_of(there: Machine, made: dict[str, Any]) -> Buyer:
    store = made["stores"][1]
    return Buyer(there.port, store["host"], store["key"], ping_every=3600)


async def welcomed(there: Machine, made: dict[str, Any]) -> Buyer:
    """A buyer with an open socket that nobody reads but the test."""
    buyer = buyer_of(there, made)
    buyer.socket = await buyer.address.open()
    await buyer.greet()
    return buyer


async def closed_with(socket: ClientConnection, seconds: float = 30) -> int:
    """Reads on until the socket is closed. Its code."""
    async with asyncio.timeout(seconds):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return int(socket.close_code or 0)


def test_an_idle_socket_stays_open_and_hears(there: Machine, made: dict[str, Any]) -> None:
    async def scene() -> None:
        chats = Chats(made, there.port, there.database_url, ping_every=3600)
        try:
            await chats.open(made["stores"][1], made["cookies"][:1], 1)
            await asyncio.sleep(IDLE)
            heard = asyncio.Event()
            chats.buyers[0].heard = lambda key, item: heard.set() if item["kind"] == "agent" else None
            await chats.desks[0].reply("idle-000", (chats.store["id"], chats.tickets[0]), "idle-000 您好")
            await asyncio.wait_for(heard.wait(), 30)
            assert chats.odd()["closed"] == 0
        finally:
            await chats.close()

    asyncio.run(scene())


def test_a_frame_of_more_than_64_kib_closes_with_1009(there: Machine, made: dict[str, Any]) -> None:
    async def scene() -> int:
        buyer = await welcomed(there, made)
        assert buyer.socket
        await buyer.socket.send("x" * (64 * 1024 + 1))
        return await closed_with(buyer.socket)

    assert asyncio.run(scene()) == 1009


def test_who_does_not_read_is_closed_and_costs_little_memory(there: Machine, made: dict[str, Any]) -> None:
    async def scene() -> int:
        buyer = await welcomed(there, made)
        assert buyer.socket
        await fill(buyer, messages=25)
        buyer.socket.transport.pause_reading()
        for _ in range(30):
            await asyncio.sleep(0.12)  # below the rate that is refused
            with suppress(ConnectionClosed):
                await buyer.socket.send('{"type": "earlier", "before": 1000}')
        await asyncio.sleep(10)
        most = resident(there)
        buyer.socket.transport.resume_reading()
        code = await closed_with(buyer.socket)
        assert code in {1006, 1013}
        return most

    before = resident(there)
    assert asyncio.run(scene()) - before < 50 * 2**20


async def fill(buyer: Buyer, *, messages: int) -> None:
    """So many long messages in the buyer's conversation, some 10 KB each."""
    assert buyer.socket
    for number in range(messages):
        frame = {"type": "message", "client_id": f"long-{number:04}", "text": f"{number} " + "慢" * 3_900}
        await buyer.socket.send(json.dumps(frame, ensure_ascii=False))
        while json.loads(await asyncio.wait_for(buyer.socket.recv(), 20))["type"] != "sent":
            pass
        await asyncio.sleep(0.12)


def resident(there: Machine) -> int:
    """Bytes, of all web processes."""
    return sum(process.memory_info().rss for process in there.web_processes())


def test_one_address_may_not_open_500_sockets(there: Machine, made: dict[str, Any]) -> None:
    async def scene() -> int:
        address, opened = buyer_of(there, made).address, []
        for _ in range(500):
            with suppress(InvalidStatus, ConnectionClosed):
                opened.append(await address.open())
        await asyncio.sleep(2)
        still = sum(socket.close_code is None for socket in opened)
        for socket in opened:
            await socket.close()
        return still

    assert 1 <= asyncio.run(scene()) <= PER_PROCESS * WEB_PROCESSES


def test_a_restart_says_so_to_who_is_connected(there: Machine, made: dict[str, Any]) -> None:
    async def scene() -> tuple[int, int]:
        buyer = await welcomed(there, made)
        desk = Desk(there.port, made["host"], made["cookies"][0])
        desk.socket = await desk.address.open()
        await desk.greet()
        assert buyer.socket
        there.drain()
        return await closed_with(buyer.socket), await closed_with(desk.socket)

    codes = asyncio.run(scene())
    there.wait_until_ready()
    assert codes == (1012, 1012)
