"""sockets: what is sent at once needs no timer, what waits is given up in time, and a sender that waits hears of it."""

from __future__ import annotations

import asyncio

import pytest

from tenants import sockets


class Sender:
    """As a server's `send` is: it may wait, twice, and sees how that ends."""

    def __init__(self, *waits: asyncio.Future[None]) -> None:
        self.waits, self.seen = waits, ""

    async def __call__(self) -> None:
        try:
            for wait in self.waits:
                await wait
            self.seen = "sent"
        except BaseException as error:
            self.seen = type(error).__name__
            raise


def sends(*waits: str) -> tuple[str, str]:
    """What the sender and who asked it saw, where each wait ends so: now, failed, never."""

    async def scene() -> tuple[str, str]:
        loop, futures = asyncio.get_running_loop(), []
        for how in waits:
            futures.append(loop.create_future())
            if how == "now":
                loop.call_soon(futures[-1].set_result, None)
            elif how == "failed":
                loop.call_soon(futures[-1].set_exception, ConnectionError())
        sender = Sender(*futures)
        try:
            await sockets._within(0.02, sender())
        except Exception as error:
            return type(error).__name__, sender.seen
        return "", sender.seen

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("waits", "asked", "seen"),
    [
        ((), "", "sent"),
        (("now", "now"), "", "sent"),
        (("never",), "TimeoutError", "CancelledError"),
        (("now", "never"), "TimeoutError", "CancelledError"),
        (("failed",), "ConnectionError", "ConnectionError"),
    ],
)
def test_sending(waits: tuple[str, ...], asked: str, seen: str) -> None:
    assert sends(*waits) == (asked, seen)
