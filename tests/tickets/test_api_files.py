"""Files over the API: in with a buyer's message, out for the connector; through the gate both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tenants.context import in_store
from tests.cast import PNG, Cast
from tickets.models import Attachment, Ticket

MESSAGE = {"external_id": "f-1", "customer": {"id": "photographer"}, "text": ""}
RECEIVE = "/api/v1/stores/store-a/messages/"


@pytest.fixture
def erp(cast: Cast, api: Any) -> Client:
    return api(cast.ann, agency=cast.north)


def send(erp: Client, *files: SimpleUploadedFile, message: Any = MESSAGE) -> Any:
    return erp.post(RECEIVE, {"message": json.dumps(message), "files": list(files)})


def test_picture_alone_is_a_message(cast: Cast, erp: Client) -> None:
    answer = send(erp, SimpleUploadedFile("a/../bill.html", PNG, "text/html"))
    assert answer.status_code == 201, answer.content
    page = erp.get(f"/api/v1/stores/store-a/tickets/{answer.json()['ticket']}/messages/").json()["results"]
    (file,) = page[0]["attachments"]
    assert (file["name"], file["content_type"], file["size"]) == ("bill.html", "image/png", len(PNG))
    got = erp.get(f"/api/v1/stores/store-a/attachments/{file['id']}/")
    assert b"".join(got.streaming_content) == PNG
    assert got["Content-Disposition"].startswith("attachment")
    assert erp.get(f"/api/v1/stores/store-b/attachments/{file['id']}/").status_code == 404


@pytest.mark.parametrize(
    "content", [b"<html><script>1</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"MZ" + b"0" * 99]
)
def test_what_may_run_is_refused_and_nothing_is_kept(cast: Cast, erp: Client, content: bytes) -> None:
    with in_store(cast.a):
        before = (Ticket.objects.count(), Attachment.objects.count())
    answer = send(erp, SimpleUploadedFile("picture.png", content, "image/png"))
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "files")
    with in_store(cast.a):
        assert (Ticket.objects.count(), Attachment.objects.count()) == before


def test_nothing_at_all_is_no_message(erp: Client) -> None:
    answer = send(erp)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "text")


@pytest.mark.parametrize("part", ["{", "[]", "1", '"x"', "[" * 100_000])
def test_part_that_is_no_message_is_refused(erp: Client, part: str) -> None:
    answer = erp.post(RECEIVE, {"message": part})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"invalid", "required"}


def test_connector_is_told_of_files(cast: Cast, erp: Client, sign_in: Any) -> None:
    desk = sign_in(cast.ann)
    form = {"body": "", "client_key": "k", "seen_seq": "9", "files": SimpleUploadedFile("label.png", PNG)}
    assert desk.post("/desk/store-a/1/reply/", form).status_code == 302
    waiting = erp.get("/api/v1/stores/store-a/outgoing/").json()["results"]
    assert [file["name"] for file in waiting[-1]["attachments"]] == ["label.png"]
