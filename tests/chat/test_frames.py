"""The chat over plain HTTP: the frame and who may embed it, frames where sockets are blocked, files."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tenants.context import in_store
from tests.cast import NOON, NORTH_HOST, PNG, Cast
from tests.chat.conftest import SITE, Browser, widget_in
from tests.tenants.test_images import bomb, picture
from tickets.actions.set_widget import set_widget
from tickets.chat import views
from tickets.chat.visitor import Identity, sign
from tickets.models import Attachment, ChatWidget, Message

HOST = "store-a.localhost"


def client(host: str = HOST, **headers: str) -> Client:
    return Client(headers={"host": host, **headers}, enforce_csrf_checks=True)


def post(buyer: Browser, *frames: dict[str, Any], files: tuple[SimpleUploadedFile, ...] = (), **headers: str) -> Any:
    hello = {"type": "hello", "v": 1, "key": buyer.key, "secret": buyer.secret}
    asked = json.dumps({"frames": [hello, *frames]})
    data = {"frames": asked, "files": list(files)} if files else asked
    kind = {} if files else {"content_type": "application/json"}
    return client(**headers).post("/chat/frames/", data, **kind)


def sent_file(buyer: Browser, content: bytes, name: str = "a.png") -> Any:
    frame = {"type": "message", "client_id": "with-file", "text": ""}
    return post(buyer, frame, files=(SimpleUploadedFile(name, content),))


# ---------------------------------------------------------------- the frame


def test_only_the_stores_sites_may_embed_it(cast: Cast, widget: ChatWidget) -> None:
    page = client().get("/chat/", {"key": widget.key})
    assert page.status_code == 200
    policy = page["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SITE}" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in page
    assert client().get("/accounts/login/")["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("key", ["", "pk_0"])
def test_frame_of_another_key_does_not_exist(cast: Cast, widget: ChatWidget, key: str) -> None:
    assert client().get("/chat/", {"key": key}).status_code == 404
    own = widget_in(cast.b)
    assert client().get("/chat/", {"key": own.key}).status_code == 404


def test_store_without_a_widget_and_an_agencys_host_have_none(cast: Cast) -> None:
    assert client("store-b.localhost").get("/chat/try/").status_code == 404
    assert client(NORTH_HOST).get("/chat/try/").status_code == 404
    assert client(NORTH_HOST).post("/chat/frames/", "{}", content_type="application/json").status_code == 404


def test_texts_of_the_store_are_data_in_the_page(cast: Cast) -> None:
    made = widget_in(cast.a, greeting_en="</script><script>alert(1)</script>", consent_en="<b>&")
    page = client().get("/chat/", {"key": made.key}).content.decode()
    assert "<script>alert" not in page
    assert "\\u003Cscript\\u003E" in page


# ---------------------------------------------------------------- frames


def test_polling_is_the_same_protocol(buyer: Browser, cast: Cast) -> None:
    said = post(buyer, {"type": "message", "client_id": "polled-1", "text": "在吗"}).json()["frames"]
    assert [frame["type"] for frame in said][:2] == ["welcome", "sent"]
    again = post(buyer, {"type": "ping", "have": 0}).json()["frames"]
    assert again[0]["messages"][0]["text"] == "在吗"
    assert again[-1] == {"type": "pong"}
    assert buyer.hello()["messages"][0]["text"] == "在吗"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://store-b.localhost", "null", "http://store-a.localhost:1"]
)
def test_foreign_origin_is_refused(buyer: Browser, origin: str) -> None:
    assert post(buyer, origin=origin).status_code == 403


@pytest.mark.parametrize(
    "body", ["", "x", "[]", '{"frames": 1}', '{"frames": []}', '{"frames": [1]}', "[" * 60_000, "\ud800"]
)
def test_bodies_that_are_no_frames(widget: ChatWidget, body: str) -> None:
    answer = client().post("/chat/frames/", body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_body_larger_than_a_frame_is_refused(widget: ChatWidget) -> None:
    answer = client().post("/chat/frames/", "x" * 70_000, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_address_that_asks_too_much_waits(buyer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "frames_of_address", views.Buckets(0.001, 6))  # a hello and a ping each
    answers = [post(buyer, {"type": "ping", "have": 0}).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


# ---------------------------------------------------------------- files


def of_visitor(buyer: Browser, file_id: object, size: str = "", host: str = HOST, **more: str) -> Any:
    headers = {"authorization": f"Visitor {buyer.key} {buyer.secret}", **more}
    return client(host, **headers).get(f"/chat/files/{file_id}/", {"size": size})


def test_picture_travels_with_its_message_and_comes_back_to_its_sender_alone(buyer: Browser, cast: Cast) -> None:
    frames = sent_file(buyer, PNG).json()["frames"]
    [file] = frames[2]["items"][0]["files"]
    assert (file["is_image"], file["type"], file["has_small"]) == (True, "image/png", True)
    assert sent_file(buyer, PNG).json()["frames"][1]["seq"] == frames[1]["seq"]  # again: the same message
    for size in ("", "small"):
        answer = of_visitor(buyer, file["id"], size)
        assert (answer.status_code, answer["X-Content-Type-Options"]) == (200, "nosniff")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert b"".join(answer.streaming_content)[:4] == b"\x89PNG"
    stranger = Browser(cast.a, buyer.key)
    stranger.hello()
    stranger.say("我的")
    assert of_visitor(stranger, file["id"]).status_code == 404
    assert of_visitor(buyer, file["id"], host="store-b.localhost").status_code == 404
    assert client().get(f"/chat/files/{file['id']}/").status_code == 404
    with in_store(cast.a):
        others = Attachment.objects.exclude(pk=file["id"]).first()
    assert of_visitor(buyer, others.pk).status_code == 404


def test_files_of_an_identified_buyer_want_the_shops_word_too(buyer: Browser, cast: Cast, widget: ChatWidget) -> None:
    """On a shared computer, after they signed out at the shop, the secret alone opens nothing: as with hello."""
    until = timezone.now() + timedelta(hours=1)
    token, other = (sign(Identity(who), widget.identity_secret, expires=until) for who in ("42", "43"))
    [file] = sent_file(buyer, PNG).json()["frames"][2]["items"][0]["files"]
    assert of_visitor(buyer, file["id"]).status_code == 200
    buyer.hello(identity=token)
    assert of_visitor(buyer, file["id"], identity=token).status_code == 200
    for wrong in ({}, {"identity": other}, {"identity": token + "0"}, {"identity": "é"}):
        assert of_visitor(buyer, file["id"], **wrong).status_code == 404
    with in_store(cast.a):
        set_widget({"is_on": False}, now=NOON)
    assert of_visitor(buyer, file["id"], identity=token).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script>", "a.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg"),
        (bomb(), "bomb.png"),
        (picture("PNG")[:50], "cut.png"),
        (b"GIF89a/*<script>*/=1;", "poly.gif"),
        (b"MZ\x90", "a.exe"),
        (b"", "empty.png"),
    ],
    ids=["html", "svg", "bomb", "cut", "polyglot", "exe", "empty"],
)
def test_file_that_is_none_of_ours_is_refused_and_nothing_written(
    buyer: Browser, cast: Cast, content: bytes, name: str
) -> None:
    refused = sent_file(buyer, content, name).json()["frames"][1]
    assert (refused["type"], refused["code"], refused["field"]) == ("refused", "file_refused", "files")
    with in_store(cast.a):
        assert not Message.objects.filter(ticket__channel="widget").exists()


def test_files_need_exactly_one_message(buyer: Browser) -> None:
    assert post(buyer, files=(SimpleUploadedFile("a.png", PNG),)).status_code == 400
    two = [{"type": "message", "client_id": f"two-{n}-xx", "text": "x"} for n in range(2)]
    assert post(buyer, *two, files=(SimpleUploadedFile("a.png", PNG),)).status_code == 400


def test_large_upload_is_refused_before_it_is_read(buyer: Browser) -> None:
    answer = sent_file(buyer, b"\x89PNG" + bytes(10 * 1024 * 1024 + 1))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "file_refused"


def test_thumbnail_of_what_is_damaged_is_the_file_itself(buyer: Browser, cast: Cast) -> None:
    [file] = sent_file(buyer, picture("PNG")).json()["frames"][2]["items"][0]["files"]
    with in_store(cast.a):
        row = Attachment.objects.get(pk=file["id"])
        row.file.storage.delete(str(row.file.name))
        row.file.storage.save(str(row.file.name), BytesIO(b"\x89PNG broken"))
    assert b"".join(of_visitor(buyer, file["id"], "small").streaming_content) == b"\x89PNG broken"


def test_switched_off_widget_serves_no_frame(cast: Cast, widget: ChatWidget) -> None:
    with in_store(cast.a):
        set_widget({"is_on": False}, now=NOON)
    assert client().get("/chat/", {"key": widget.key}).status_code == 404
