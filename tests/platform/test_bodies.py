"""What comes over HTTP is refused before it is read: too large, too much at once, too slow, or no UTF-8."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from config import bodies
from config.bodies import CHAT_FILES, FRAMES, TEXT, Limit, Measured
from tenants.bucket import Places

FORM = "multipart/form-data; boundary=X"


class Taken:
    """An application that takes in a whole body, as Django does, and says how much it was."""

    def __init__(self) -> None:
        self.read = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            self.read += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.begun.set()
        await self.may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


async def sent(
    app: Measured,
    path: str,
    *chunks: bytes,
    kind: str = "application/json",
    length: int | None = None,
    ends: bool = True,
    **more: str,
) -> tuple[int, dict[str, Any]]:
    """(status, body) of a request whose body comes in these chunks. `ends`: the last one says that it is the last."""
    given, out = list(chunks), []
    headers = {"content-type": kind, "host": "store-a.localhost", **{k.replace("_", "-"): v for k, v in more.items()}}
    headers |= {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}

    async def receive() -> dict[str, Any]:
        if not given:
            await asyncio.sleep(60)
        body = given.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(given) or not ends}

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "headers": raw, "client": (more.get("address", "192.0.2.1"), 5)}
    await app(scope, receive, send)
    return out[0]["status"], json.loads(out[1]["body"])


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("/chat/frames/", "application/json", FRAMES.most),
        ("/chat/frames/", "text/plain", FRAMES.most),
        ("/chat/frames/", FORM, CHAT_FILES.most),
        ("/api/v1/stores/store-a/messages/", "application/json", TEXT.most),
        ("/accounts/login/", "application/x-www-form-urlencoded", TEXT.most),
        ("/desk/store-a/1/reply/", FORM, bodies.FILES.most),
    ],
)
def test_body_that_says_to_be_too_large_is_not_read(path: str, kind: str, most: int) -> None:
    async def scene() -> None:
        app = Taken()
        status, said = await sent(Measured(app), path, b"x", kind=kind, length=most + 1, accept_language="en")
        assert (status, said["error"]["code"], app.read) == (413, "too_large", 0)
        assert said["error"]["message"] == "That is more than can be sent at once."
        assert (await sent(Measured(app), path, b"x", kind=kind, length=1))[0] == 200

    asyncio.run(scene())


def test_body_that_does_not_say_how_large_it_is_is_read_to_the_limit() -> None:
    async def scene() -> None:
        app = Taken()
        status, said = await sent(Measured(app), "/chat/frames/", *[b"x" * 1024] * 10_000)
        assert (status, said["error"]["code"], app.read) == (413, "too_large", FRAMES.most)

    asyncio.run(scene())


def test_body_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "FRAMES", Limit(FRAMES.most, 0.02))

    async def scene() -> None:
        status, said = await sent(
            Measured(Taken()), "/chat/frames/", b"{", length=9, ends=False, accept_language="zh-Hans"
        )
        assert (status, said["error"]["code"]) == (408, "too_slow")

    asyncio.run(scene())


def test_address_store_and_process_take_in_only_so_many_files_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes each: of one address three, of one store four here, of the process five."""
    ten = 10 * 1024 * 1024
    for name, most in (("of_address", 3), ("of_store", 4), ("of_process", 5)):
        monkeypatch.setattr(bodies, name, Places(most * ten))

    async def scene() -> None:
        app = Taken()
        app.may_end.clear()
        measured = Measured(app)

        def upload(address: str, host: str) -> asyncio.Task[tuple[int, dict[str, Any]]]:
            return asyncio.create_task(
                sent(measured, "/chat/frames/", b"x", kind=FORM, length=ten, address=address, host=host)
            )

        asked = [upload("192.0.2.1", "a") for _ in range(10)]
        asked += [upload(f"192.0.2.{n}", "a") for n in range(2, 5)]
        asked += [upload("192.0.2.9", "b") for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = [each.result()[1]["error"]["code"] for each in asked if each.done()]
        assert refused == ["too_fast"] * 10  # 7 of the address, 2 of the store, 1 of the process
        assert not asked[13].done()  # the other store had room
        app.may_end.set()
        answers = await asyncio.gather(*asked)
        assert [status for status, _said in answers].count(200) == 5
        assert (await upload("192.0.2.1", "a"))[0] == 200  # and they gave it back

    asyncio.run(scene())


# Some of these spell half a character, which no database keeps; others are no text at all.
@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "utf-16", "hex", "idna", "undefined", "gbk"])
@pytest.mark.parametrize("kind", [FORM, "application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_text_that_is_not_utf_8_is_refused(kind: str, charset: str) -> None:
    async def scene() -> None:
        app = Taken()
        asked = sent(Measured(app), "/desk/store-a/1/reply/", b"x", kind=f"{kind}; charset={charset}", length=1)
        status, said = await asked
        assert (status, said["error"]["code"], said["error"]["field"], app.read) == (400, "invalid", "charset", 0)

    asyncio.run(scene())


@pytest.mark.parametrize("charset", ["=utf-8", "=UTF8", '="utf-8"', "=us-ascii", "=nonsense", "=", "*=utf-8''utf-8"])
def test_text_that_names_utf_8_or_nothing_that_is_known_is_read(charset: str) -> None:
    async def scene() -> None:
        asked = sent(Measured(Taken()), "/api/v1/", b"x", kind=f"application/json; charset{charset}", length=1)
        assert (await asked)[0] == 200

    asyncio.run(scene())


@pytest.mark.parametrize("charset", ["*=nonsense''x", "*=gbk''gbk", "*=utf-7''+2AA-"])
def test_name_of_an_encoding_that_can_not_be_read_is_refused(charset: str) -> None:
    async def scene() -> None:
        asked = sent(Measured(Taken()), "/api/v1/", b"x", kind=f"application/json; charset{charset}", length=1)
        assert (await asked)[0] == 400

    asyncio.run(scene())
