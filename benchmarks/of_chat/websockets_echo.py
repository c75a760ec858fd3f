"""The other peer: the library `websockets` alone, one process, rooms in a dictionary. Its argument is the port."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def echo(socket: ServerConnection) -> None:
    """Speaks as `channels_echo.Echo` does."""
    async for raw in socket:
        frame = json.loads(raw)
        if "join" in frame:
            for room in frame["join"]:
                rooms[room].add(socket)
            await socket.send('{"joined": true}')
        else:
            broadcast(rooms[frame["room"]], json.dumps({"text": frame["text"]}, ensure_ascii=False))


async def main(port: int) -> None:
    async with serve(echo, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


uvloop.run(main(int(sys.argv[1])))
