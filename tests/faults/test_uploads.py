"""What only a real server shows of uploads: what is too large is refused unread, what is too much at once waits."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.faults.machine import Machine
from tests.faults.test_sockets import resident

TEN = 10 * 1024 * 1024
ZIP = b"PK\x03\x04" + bytes(TEN - 4)
MOST_GROWTH = 120 * 2**20  # bytes of all web processes together, while a hundred megabytes are on their way


@pytest.mark.parametrize("framing", [f"Content-Length: {TEN}", "Transfer-Encoding: chunked"])
def test_frames_of_ten_megabytes_are_refused_before_they_are_sent(
    there: Machine, made: dict[str, Any], framing: str
) -> None:
    host = made["stores"][0]["host"]
    head = f"POST /chat/frames/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", there.port), timeout=30) as wire:
        wire.sendall(head.encode())
        if "chunked" in framing:
            for _ in range(65):  # and the end never comes
                wire.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        answer = b""
        while b'"details"' not in answer:
            came = wire.recv(65_536)
            assert came, answer
            answer += came
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "too_large"' in answer


def test_ten_large_uploads_at_once_starve_nobody(there: Machine, made: dict[str, Any]) -> None:
    """Of one address and store some are taken in, the others come again; another store goes on as if nothing was."""
    one, other = made["stores"]
    secret = secrets.token_urlsafe(32)

    async def scene() -> tuple[Counter[int], Counter[int], int]:
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(timeout=120, limits=limits, trust_env=False) as client:
            uploads = [asyncio.create_task(upload(client, there, one)) for _ in range(10)]
            told: Counter[int] = Counter()
            most = 0
            while not all(each.done() for each in uploads):
                told[await says(client, there, other, secret)] += 1
                most = max(most, resident(there))
            return Counter([await each for each in uploads]), told, most

    before = resident(there)
    uploaded, told, most = asyncio.run(scene())
    assert set(uploaded) == {200, 429}, uploaded
    assert set(told) == {200}
    assert most - before < MOST_GROWTH


async def upload(client: httpx.AsyncClient, there: Machine, store: dict[str, Any]) -> int:
    frames = {"frames": json.dumps({"frames": begin(store, "with-a-file")})}
    files = {"files": ("a.zip", ZIP, "application/zip")}
    answer = await client.post(address(there), headers={"Host": store["host"]}, data=frames, files=files)
    if answer.status_code == 200:
        assert [frame["type"] for frame in answer.json()["frames"]][:2] == ["welcome", "sent"], answer.text
    return answer.status_code


async def says(client: httpx.AsyncClient, there: Machine, store: dict[str, Any], secret: str) -> int:
    frames = {"frames": begin(store, secrets.token_urlsafe(9), secret)}
    answer = await client.post(address(there), headers={"Host": store["host"]}, json=frames)
    if answer.status_code == 200:
        assert answer.json()["frames"][1]["type"] == "sent", answer.text
    return answer.status_code


def begin(store: dict[str, Any], client_id: str, secret: str = "") -> list[dict[str, Any]]:
    """A buyer's word; a new buyer's, where no secret is given."""
    hello = {"type": "hello", "v": 1, "key": store["key"], "secret": secret or secrets.token_urlsafe(32)}
    return [hello, {"type": "message", "client_id": client_id, "text": "在吗"}]


def address(there: Machine) -> str:
    return f"http://127.0.0.1:{there.port}/chat/frames/"
