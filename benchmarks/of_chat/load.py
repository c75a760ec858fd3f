"""The load, in a process of its own: orders come a line each on stdin, what was measured goes out a line each.

Every text begins with a marker, `run-conversation-side-number`, by which it is known on the other side. Times are
seconds of this machine's clock (time.time()), as PostgreSQL's are.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection

from benchmarks.of_chat.chats import Chats, Say, happens, marker_of, text_of
from benchmarks.of_chat.client import Address, Buyer

SETTLE = 5.0  # seconds after the last word; what is not shown by then is lost
TICK = 0.01  # seconds between two looks at the own loop's lag


@dataclass
class Recorder:
    """What was said, acknowledged and shown in one run."""

    run: str
    said: dict[str, float] = field(default_factory=dict)
    acked: dict[str, float] = field(default_factory=dict)
    shown: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lags: list[float] = field(default_factory=list)
    cpu: float = 0.0  # seconds that this process has worked

    def heard_by(self, side: str) -> Callable[[Any, dict[str, Any]], None]:
        """A listener of this side: notes what the other has said."""

        def heard(key: Any, item: dict[str, Any]) -> None:
            self.note(side, item["text"])

        return heard

    def note(self, side: str, text: str) -> None:
        marker = text.partition(" ")[0]
        if marker.startswith(f"{self.run}-") and marker.split("-")[2] != side:
            self.shown[marker].append(time.time())

    def ack(self, client_id: str) -> None:
        self.acked[marker_of(client_id)] = time.time()

    def listen(self, chats: Chats) -> list[tuple[str, Say]]:
        """From now on; who can speak."""
        for buyer in chats.buyers:
            buyer.heard, buyer.acked = self.heard_by("b"), self.ack
        for desk in chats.desks:
            desk.heard, desk.acked = self.heard_by("d"), self.ack
        return chats.sayers()

    def result(self) -> dict[str, Any]:
        return {"said": self.said, "acked": self.acked, "shown": self.shown, "lags": self.lags, "cpu": self.cpu}


async def steadily(
    recorder: Recorder, sayers: list[tuple[str, Say]], *, rate: float, seconds: float, seed: int
) -> None:
    """So many a second in all, at random moments (a Poisson stream), each from a random side of a random chat."""
    choose = random.Random(seed)
    watching = asyncio.create_task(watch_lag(recorder.lags))
    cpu, begin = time.process_time(), time.perf_counter()
    due, number = 0.0, 0
    while (due := due + choose.expovariate(rate)) < seconds:
        if (wait := begin + due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        who, say = choose.choice(sayers)
        marker = f"{recorder.run}-{who}-{number}"
        number += 1
        recorder.said[marker] = time.time()
        await say(marker)
    recorder.cpu = time.process_time() - cpu
    await settled(recorder)
    watching.cancel()


async def settled(recorder: Recorder) -> None:
    """Returns when all that was said was shown, or SETTLE seconds after that stopped getting on."""
    end, seen = time.monotonic() + SETTLE, 0
    while len(recorder.shown) < len(recorder.said) and time.monotonic() < end:
        if len(recorder.shown) > seen:
            end, seen = time.monotonic() + SETTLE, len(recorder.shown)
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)  # what comes twice, comes now


async def watch_lag(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - began - TICK)


# ---------------------------------------------------------------- the product


async def product(order: dict[str, Any]) -> dict[str, Any]:
    """Opens the conversations; then, for each of the rounds, a steady stream. Their results, and what was odd."""
    made = order["made"]
    chats = Chats(made, order["port"], order["database_url"])
    await chats.open(made["stores"][0], made["cookies"], order["conversations"])
    runs = []
    for number in range(order["rounds"]):
        recorder = Recorder(f"r{order['round'] + number}")
        await steadily(recorder, recorder.listen(chats), **stream(order))
        runs.append(recorder.result())
    await chats.close()
    return {"runs": runs, **chats.odd()}


def stream(order: dict[str, Any]) -> dict[str, Any]:
    return {name: order[name] for name in ("rate", "seconds", "seed")}


# ---------------------------------------------------------------- the peers


async def echo(order: dict[str, Any]) -> dict[str, Any]:
    """The same stream to a peer that speaks as `channels_echo` says: as many sockets, the same rate."""
    recorder, desks = Recorder("echo"), order["desks"]
    address = Address(order["port"], "localhost", "/ws/echo/")
    conversations = range(order["conversations"])
    rooms = [[f"d{n}" for n in conversations if n % desks == desk] for desk in range(desks)]
    at_desks = [await joined(address, recorder, "d", own) for own in rooms]
    buyers = [await joined(address, recorder, "b", [f"b{n}"]) for n in conversations]

    def sayer(socket: ClientConnection, room: str) -> Say:
        return lambda marker: socket.send(json.dumps({"room": room, "text": text_of(marker)}))

    sayers = [
        each
        for n in conversations
        for each in ((f"{n}-b", sayer(buyers[n], f"d{n}")), (f"{n}-d", sayer(at_desks[n % desks], f"b{n}")))
    ]
    await steadily(recorder, sayers, **stream(order))
    for socket in (*buyers, *at_desks):
        await socket.close()
    return recorder.result()


async def joined(address: Address, recorder: Recorder, side: str, rooms: list[str]) -> ClientConnection:
    socket = await address.open()
    await socket.send(json.dumps({"join": rooms}))
    await socket.recv()

    async def listen() -> None:
        async for raw in socket:
            recorder.note(side, json.loads(raw)["text"])

    socket.listening = asyncio.create_task(listen())  # type: ignore[attr-defined]
    return socket


# ---------------------------------------------------------------- idle sockets, a burst


async def idle(order: dict[str, Any], wait: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Buyers who have said hello and nothing else. Holds them open from `opened` until the next line comes."""
    store, port = order["made"]["stores"][0], order["port"]
    chats = Chats(order["made"], port, order["database_url"])
    await chats.run([Buyer(port, store["host"], store["key"], ping_every=3600) for _ in range(order["sockets"])])
    tell({"opened": order["sockets"]})
    await wait()
    await chats.close()
    return {}


async def burst(order: dict[str, Any]) -> dict[str, Any]:
    """Another store chats quietly, alone and then beside `messages` of many visitors of the first, as fast as taken."""
    made = order["made"]
    other = Chats(made, order["port"], order["database_url"])
    await other.open(made["stores"][1], made["cookies"][:2], 20)
    quiet = Recorder("quiet")
    await steadily(quiet, quiet.listen(other), rate=10, seconds=order["seconds"], seed=1)
    loud = Recorder("loud")
    pouring = asyncio.create_task(pour(order))
    beside = asyncio.create_task(steadily(loud, loud.listen(other), rate=10, seconds=order["most_seconds"], seed=2))
    poured = await pouring
    beside.cancel()
    with suppress(asyncio.CancelledError):
        await beside
    await settled(loud)
    await other.close()
    return {"quiet": quiet.result(), "loud": loud.result(), "poured": poured, **other.odd()}


async def pour(order: dict[str, Any]) -> dict[str, Any]:
    """Many visitors, each sending its next message when the last is `sent`. Seconds, and how many were accepted."""
    store, visitors = order["made"]["stores"][0], order["visitors"]
    crowd = Chats(order["made"], order["port"], order["database_url"])
    buyers = [Buyer(order["port"], store["host"], store["key"]) for _ in range(visitors)]
    await crowd.run(buyers)
    began = time.perf_counter()
    await asyncio.gather(*(say_many(n, buyer, order["messages"] // visitors) for n, buyer in enumerate(buyers)))
    seconds = time.perf_counter() - began
    await crowd.close()
    refused = sum(sum(buyer.refused.values()) for buyer in buyers)
    return {"seconds": seconds, "accepted": sum(len(buyer.sent) for buyer in buyers), "refused": refused}


async def say_many(number: int, buyer: Buyer, messages: int) -> None:
    done = asyncio.Event()
    buyer.acked = lambda client_id: done.set()
    for each in range(messages):
        done.clear()
        await buyer.message(f"burst-{number}-{each}", text_of(f"burst-{number}-b-{each}"))
        await happens(done, buyer, 120)


# ---------------------------------------------------------------- orders


def tell(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


async def next_line() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


async def main() -> None:
    async def wait() -> None:
        await next_line()

    while line := await next_line():
        order = json.loads(line)
        try:
            match order.pop("do"):
                case "product":
                    answer = await product(order)
                case "echo":
                    answer = await echo(order)
                case "idle":
                    answer = await idle(order, wait)
                case "burst":
                    answer = await burst(order)
                case unknown:
                    raise ValueError(unknown)
        except Exception as error:  # told to the parent, which raises it
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        tell(answer)


if __name__ == "__main__":
    uvloop.run(main())
