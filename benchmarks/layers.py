"""Which of channels_redis' two layers keeps a chat alive? Their speed, and the traps that silence sockets.

Against a durable embedded Valkey of its own, in turns within one run, each measurement on connections of its own:
  round trip   group_send until receive returns, one hint at a time, both in this process (microseconds)
  joins        group_adds a second of as many channels, each into a group of its own
  fan-out      hints a second into groups of a hundred channels of this process, until all have received
  idle         nothing for longer than redis-py's default socket_timeout of 5 s: does a waiting socket hear the next?
  busy         300 hints to A's room while the loop stands still, then 5 to B's: how many does B get?
  expiry       group_expiry shortened to 2 s, 4 s later: does an open socket hear? (Pub/sub has no such setting.)
  killed       kill -9 of Valkey while subscribed, restarted a second later: what does the socket's receive do, and how
               long after Valkey answers again does it hear? How many hints of those 20 a second were lost?

python -m benchmarks.layers [--rounds 3] [--hints 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from rich.console import Console
from rich.table import Table

from benchmarks.deployment import DATA
from benchmarks.of_chat.servers import kill, own_servers
from benchmarks.of_fleet.figures import Figures
from config import embedded

LAYERS: dict[str, Callable[..., Any]] = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
IDLE = 8.0  # seconds
PATIENCE = 15.0  # seconds; what was not heard by then is not heard
ROOM = 100  # channels
HINT = {"type": "tickets.changed", "hints": [{"store": 3, "ticket": 12, "seq": 88}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of what is timed")
    parser.add_argument("--hints", type=int, default=2000, help="of each round trip's turn")
    asked = parser.parse_args()
    logging.getLogger("channels_redis").setLevel(logging.CRITICAL)  # its server is killed, and it says so at length
    with own_servers(DATA) as servers:
        figures = asyncio.run(measure(servers.redis_url, DATA, rounds=asked.rounds, hints=asked.hints))
    show(figures)
    print(json.dumps({"name": "layers", "figures": figures, "ratios": ratios(figures)}))


async def measure(url: str, data: Path, *, rounds: int, hints: int) -> dict[str, Any]:
    figures = {name: Figures(cores=os.cpu_count()) for name in LAYERS}
    await speeds(url, figures, rounds=rounds, hints=hints)
    for name, made in figures.items():
        tell(f"{name}: the traps")
        made["idle_default_timeout"] = await idle(name, url)
        made["idle_timeout_30"] = await idle(name, url, socket_timeout=30)
        made.update(await busy(name, url))
        made["hears_after_group_expiry"] = await expiry(name, url)
        made.update(await killed(name, url, data))
    return dict(figures)


async def speeds(url: str, figures: dict[str, Figures], *, rounds: int, hints: int) -> None:
    trips: dict[str, list[float]] = {name: [] for name in LAYERS}
    joins: dict[str, list[float]] = {name: [] for name in LAYERS}
    fans: dict[str, list[float]] = {name: [] for name in LAYERS}
    for turn in range(rounds):
        tell(f"speeds, {turn + 1}/{rounds}")
        for name in LAYERS:
            async with layer_of(name, url) as layer:
                trips[name] += await round_trips(layer, hints)
                joins[name].append(await joins_per_second(layer, hints // 4))
                fans[name].append(await fan_out_per_second(layer, hints // 20))
    for name, made in figures.items():
        ordered = sorted(trips[name])
        made["round_trip_p50_us"] = round(ordered[len(ordered) // 2] * 1e6)
        made["round_trip_p99_us"] = round(ordered[int(len(ordered) * 0.99)] * 1e6)
        made.put("joins_per_second", joins[name], digits=0)
        made.put("fan_out_deliveries_per_second", fans[name], digits=0)


@asynccontextmanager
async def layer_of(name: str, url: str, *, socket_timeout: float | None = 30, **config: Any) -> AsyncIterator[Any]:
    """A layer with connections of its own. `socket_timeout` None: redis-py's default."""
    host: dict[str, Any] = {"address": url} | ({"socket_timeout": socket_timeout} if socket_timeout else {})
    layer = LAYERS[name](hosts=[host], prefix=f"bench-{name}", **config)
    try:
        yield layer
    finally:
        # The one's flush closes its connections; the other's would take away everybody's messages and groups.
        close = layer.close_pools if name == "core" else layer.flush
        with suppress(Exception):  # of a layer whose server was killed
            await asyncio.wait_for(close(), 5)


async def joined(layer: Any, room: str) -> str:
    """A new channel in the room, its name."""
    channel: str = await layer.new_channel()
    await layer.group_add(room, channel)
    return channel


async def round_trips(layer: Any, hints: int) -> list[float]:
    """Seconds of each."""
    channel = await joined(layer, "trips")
    seconds = []
    for _ in range(hints):
        began = time.perf_counter()
        await layer.group_send("trips", HINT)
        await layer.receive(channel)
        seconds.append(time.perf_counter() - began)
    return seconds


async def joins_per_second(layer: Any, many: int) -> float:
    channels = [await layer.new_channel() for _ in range(many)]
    began = time.perf_counter()
    for number, channel in enumerate(channels):
        await layer.group_add(f"join-{number}", channel)
    return many / (time.perf_counter() - began)


async def fan_out_per_second(layer: Any, hints: int) -> float:
    """What ROOM channels have received in all, a second. One hint after the other, so that none is dropped."""
    channels = [await joined(layer, "fan") for _ in range(ROOM)]
    began = time.perf_counter()
    for _ in range(hints):
        await layer.group_send("fan", HINT)
        await asyncio.gather(*(layer.receive(channel) for channel in channels))
    return hints * ROOM / (time.perf_counter() - began)


# ---------------------------------------------------------------- traps


async def heard(receive: Awaitable[Any], patience: float = PATIENCE) -> str:
    """`yes`, `no`, or the name of the error that a consumer would have died of."""
    receiving = asyncio.ensure_future(receive)
    await asyncio.wait({receiving}, timeout=patience)
    if not receiving.done():
        receiving.cancel()  # not awaited: a layer whose server is gone may take no notice
        return "no"
    if error := receiving.exception():
        return type(error).__name__
    return "yes"


async def idle(name: str, url: str, *, socket_timeout: float | None = None) -> str:
    async with layer_of(name, url, socket_timeout=socket_timeout) as layer:
        channel = await joined(layer, "idle")
        waiting = asyncio.ensure_future(heard(layer.receive(channel), IDLE + 2))
        await asyncio.sleep(IDLE)
        await layer.group_send("idle", HINT)
        return await waiting


async def busy(name: str, url: str) -> dict[str, int]:
    """What each room got. The sender is another loop's layer, as another process would be."""
    async with layer_of(name, url) as layer:
        a, b = await joined(layer, "room-a"), await joined(layer, "room-b")
        waiting = [asyncio.ensure_future(count(layer, channel)) for channel in (a, b)]
        await asyncio.sleep(0.2)
        sender = asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(send_into_both(name, url)))
        time.sleep(3)
        await sender
        got_a, got_b = await asyncio.gather(*waiting)
    return {"busy_a_got_of_300": got_a, "busy_b_got_of_5": got_b}


async def send_into_both(name: str, url: str) -> None:
    async with layer_of(name, url) as layer:
        for room, hints in (("room-a", 300), ("room-b", 5)):
            for _ in range(hints):
                await layer.group_send(room, HINT)


async def count(layer: Any, channel: str) -> int:
    """How many come until nothing more comes for two seconds; the first may take five."""
    got, patience = 0, 5.0
    while await heard(layer.receive(channel), patience) == "yes":
        got, patience = got + 1, 2.0
    return got


async def expiry(name: str, url: str) -> str:
    shortened = {"group_expiry": 2} if name == "core" else {}
    async with layer_of(name, url, **shortened) as layer:
        channel = await joined(layer, "expiry")
        waiting = asyncio.ensure_future(heard(layer.receive(channel), 7))
        await asyncio.sleep(4)
        await layer.group_send("expiry", HINT)
        return await waiting


async def killed(name: str, url: str, data: Path) -> dict[str, Any]:
    async with layer_of(name, url) as layer, layer_of(name, url) as sender:
        channel = await joined(layer, "killed")
        await layer.group_send("killed", HINT)
        await layer.receive(channel)
        first = asyncio.ensure_future(heard(layer.receive(channel), PATIENCE + 5))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(kill, data, "valkey-server")
        died = time.monotonic()
        await asyncio.sleep(1)
        await asyncio.to_thread(embedded.start, data)
        answers = time.monotonic()
        stop, sent = asyncio.Event(), list[float]()
        sending = asyncio.ensure_future(keep_sending(sender, stop, sent))
        how, after = await until_heard(layer, channel, first)
        stop.set()
        await asyncio.wait({sending}, timeout=5)
    return {
        "killed_first_receive": how,
        "killed_valkey_away_s": round(answers - died, 2),
        "killed_hears_again_after_s": round(after - answers, 2) if after < float("inf") else None,
        "killed_hints_sent_before_heard": sum(at < after for at in sent),
    }


async def until_heard(layer: Any, channel: str, first: asyncio.Future[str]) -> tuple[str, float]:
    """What the receive that was waiting did, and when something was heard, be it by calling receive anew."""
    how = await first
    end = time.monotonic() + PATIENCE
    result = how
    while result != "yes" and time.monotonic() < end:
        result = await heard(layer.receive(channel), end - time.monotonic())
        await asyncio.sleep(0.05)
    return how, time.monotonic() if result == "yes" else float("inf")


async def keep_sending(layer: Any, stop: asyncio.Event, sent: list[float]) -> None:
    """20 hints a second; notes the times of those that went without an error."""
    while not stop.is_set():
        with suppress(Exception):
            await asyncio.wait_for(layer.group_send("killed", HINT), 2)
            sent.append(time.monotonic())
        await asyncio.sleep(0.05)


# ---------------------------------------------------------------- what is told


def ratios(figures: dict[str, Any]) -> dict[str, float]:
    core, pubsub = figures["core"], figures["pubsub"]
    trip, joins = "round_trip_p50_us", "joins_per_second"
    return {
        "pubsub_vs_core_round_trip_p50": round(pubsub[trip] / core[trip], 3),
        "pubsub_vs_core_joins": round(pubsub[joins] / core[joins], 3),
    }


def tell(what: str) -> None:
    print(what, flush=True)


def show(figures: dict[str, Any]) -> None:
    table = Table("", *figures)
    for name in next(iter(figures.values())):
        if not name.endswith("_spread"):
            table.add_row(name, *(str(made[name]) for made in figures.values()))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
