"""A browser's socket to the ASGI application. (Channels' own wants daphne to be installed.)"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

from config.asgi import application


class Socket(ApplicationCommunicator):
    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
        super().__init__(application, scope)

    async def connect(self) -> bool:
        """Whether the handshake was accepted."""
        await self.send_input({"type": "websocket.connect"})
        answer = asyncio.ensure_future(self.output_queue.get())
        await asyncio.wait({answer, self.future}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            self.future.result()  # what went wrong, if anything did
            raise TimeoutError
        return bool(answer.result()["type"] == "websocket.accept")

    async def read(self) -> Any:
        message = await self.receive_output(5)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def closed_with(self) -> int:
        message = await self.receive_output(5)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def write(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)
