"""An SOP at the desk: the pane, its forms, who sees it, and the figures with the tickets behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from knowledge.models import Item
from tenants.context import at, in_store
from tests.cast import PNG, Cast
from tests.conftest import SignIn
from tests.sops import REFUND, make_sop, publish_in
from tickets.models import Attachment, SopRun, Ticket
from tickets.queries.adherence import adherence

TICKET = "/desk/store-a/1/"
HX = {"HX-Request": "true"}


@pytest.fixture
def item(cast: Cast) -> Item:
    made = make_sop(cast, categories=("refund",))
    publish_in(cast, made, cast.a)
    return made


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def send(client: Client, verb: str, **fields: Any) -> Any:
    return client.post(f"{TICKET}sop/{verb}/", fields, headers=HX)


def started(cast: Cast, client: Client, item: Item) -> int:
    assert send(client, "start", item=item.pk).status_code == 200
    with in_store(cast.a):
        return SopRun.objects.latest("pk").pk


def pane(client: Client) -> str:
    return client.get(f"{TICKET}sop/", headers=HX).content.decode()


def test_what_fits_the_ticket_is_offered_first(cast: Cast, item: Item, bo: Client) -> None:
    other = make_sop(cast, {**REFUND, "title": {"zh": "物流", "en": "Parcels"}}, categories=("logistics",))
    publish_in(cast, other, cast.a)
    with in_store(cast.a):
        Ticket.objects.filter(pk=1).update(category="refund")
    html = pane(bo)
    assert html.index("Refunds") < html.index("Parcels")
    assert "For this kind of ticket" in html
    unpublished = make_sop(cast, {**REFUND, "title": {"zh": "x", "en": "Unpublished"}})
    assert "Unpublished" not in pane(bo)
    assert send(bo, "start", item=unpublished.pk).status_code == 404


def test_a_run_through_the_forms(cast: Cast, item: Item, bo: Client) -> None:
    run = started(cast, bo, item)
    html = pane(bo)
    assert "Hello Buyer CANARY-A, we are sorry. {order}" in html
    assert "To fill in yourself: the order&#x27;s number" in html
    refused = send(bo, "do", run=run, step="soothe")
    assert refused.status_code == 409
    assert 'data-error="sop_nothing_said"' in refused.content.decode()
    bo.post(f"{TICKET}reply/", {"body": "您好", "client_key": "k", "seen_seq": "99"})
    assert "It is sent: go on" in pane(bo)
    assert "Money back" in send(bo, "do", run=run, step="soothe").content.decode()
    refused = send(bo, "do", run=run, step="choose", edge=0)
    assert (refused.status_code, b'data-field="evidence.sum"' in refused.content) == (400, True)
    html = send(bo, "do", run=run, step="choose", edge=0, **{"evidence.sum": "12"}).content.decode()
    assert "decided by itself" in html  # the buyer's picture leads straight on
    with in_store(cast.a):
        shot = str(Attachment.objects.get(message__ticket=1).pk)
    html = send(bo, "do", run=run, step="pay", **{"evidence.shot": shot, "evidence.sure": "1"}).content.decode()
    assert "1 SOP gone through" in html
    assert shot in html
    facts = bo.get(f"{TICKET}messages/", headers=HX).content.decode()
    assert "Bo began the SOP “Refunds”" in facts
    assert "The SOP “Refunds” came to its end" in facts


def test_a_picture_may_be_uploaded(cast: Cast, item: Item, bo: Client) -> None:
    run = started(cast, bo, item)
    send(bo, "skip", run=run, step="soothe", reason="x")
    send(bo, "skip", run=run, step="choose", reason="x", edge=0)
    picture = SimpleUploadedFile("shot.png", PNG)
    answer = send(bo, "do", run=run, step="pay", **{"evidence.shot": picture, "evidence.sure": "1"})
    assert answer.status_code == 200, answer.content
    with in_store(cast.a):
        assert Attachment.objects.get(message__kind="note").is_image


def test_the_mark_tells_when_to_look_again(cast: Cast, item: Item, bo: Client) -> None:
    def mark() -> str:
        html = bo.get(f"{TICKET}messages/", headers=HX).content.decode()
        return html.partition('data-sop-mark="')[2].partition('"')[0]

    assert mark() == ""
    run = started(cast, bo, item)
    first = mark()
    assert first == f"{run}-running-soothe"
    assert f'data-mark="{first}"' in pane(bo)
    send(bo, "skip", run=run, step="soothe", reason="x")
    assert mark() == f"{run}-running-choose"


def test_a_seller_sees_nothing_of_it(cast: Cast, item: Item, bo: Client, sign_in: SignIn) -> None:
    run = started(cast, bo, item)
    send(bo, "skip", run=run, step="soothe", reason="CANARY-REASON")
    di = sign_in(cast.di, "store-a.localhost")
    for path in (TICKET, f"{TICKET}messages/"):
        html = di.get(path).content.decode()
        assert "Refunds" not in html
        assert "退款流程" not in html
        assert "CANARY-REASON" not in html
        assert 'id="sop"' not in html
    assert di.get(f"{TICKET}sop/").status_code == 403
    assert di.get(f"/desk/store-a/sops/{item.pk}/?what=started").status_code == 403
    for verb in ("start", "do", "skip", "stop"):
        assert send(di, verb, run=run, step="choose", reason="x", item=item.pk).status_code == 403
    with in_store(cast.a):
        assert SopRun.objects.get().step == "choose"


@pytest.mark.parametrize(
    ("verb", "fields", "status"),
    [
        ("start", {"item": "x"}, 400),
        ("start", {"item": 10**19}, 400),
        ("start", {}, 400),
        ("do", {"run": 1, "step": "A!"}, 400),
        ("do", {"run": 999, "step": "a"}, 404),
        ("do", {"run": -1, "step": "a"}, 400),
        ("do", {"run": 1, "step": "a", "edge": "9999"}, 400),
        ("skip", {"run": 999, "step": "a", "reason": ""}, 400),
        ("stop", {"run": 999, "reason": "x"}, 404),
    ],
)
def test_what_is_no_input_is_refused(cast: Cast, bo: Client, verb: str, fields: Any, status: int) -> None:
    assert send(bo, verb, **fields).status_code == status


def test_figures_and_the_tickets_behind_them_agree(cast: Cast, item: Item, bo: Client, sign_in: SignIn) -> None:
    run = started(cast, bo, item)
    send(bo, "skip", run=run, step="soothe", reason="买家已知道")
    send(bo, "stop", run=run, reason="买家撤回了")
    started(cast, bo, item)
    caller = cast.caller(cast.ann)
    with at(caller.place), CaptureQueriesContext(connection) as queries:
        (figures,) = adherence(caller, item.pk)
    assert (figures.started, figures.stopped, figures.running, figures.finished) == (2, 1, 1, 0)
    assert (figures.steps["soothe"].skipped, figures.skipped, figures.percent) == (1, 1, 0)
    asked = [query["sql"] for query in queries if "desk_sopcount" in query["sql"] or "tenants_store" in query["sql"]]
    assert len(asked) == 2
    ann = sign_in(cast.ann)

    def behind(what: str, step: str = "") -> int:
        page = ann.get(f"/desk/store-a/sops/{item.pk}/", {"what": what, "step": step, "version": "1"})
        assert page.status_code == 200
        return page.content.decode().count("/desk/store-a/1/")

    assert [behind(what) for what in ("started", "stopped", "running", "finished")] == [2, 1, 1, 0]
    assert (behind("skipped", "soothe"), behind("done", "soothe")) == (1, 0)
    page = ann.get(f"/desk/store-a/sops/{item.pk}/?what=skipped&step=soothe").content.decode()
    assert "买家已知道" in page
    assert ann.get(f"/desk/store-a/sops/{item.pk}/?what=x").status_code == 400
    assert ann.get(f"/desk/store-a/sops/{item.pk}/?what=done&version=x").status_code == 400


def test_adherence_is_a_part_of_the_admins_page(cast: Cast, item: Item, bo: Client, sign_in: SignIn) -> None:
    publish_in(cast, item, cast.b)
    run = started(cast, bo, item)
    send(bo, "skip", run=run, step="soothe", reason="x")
    ann = sign_in(cast.ann)
    html = ann.get(f"/admin/sops/{item.pk}/adherence/", headers=HX).content.decode()
    assert f"/desk/store-a/sops/{item.pk}/?what=skipped&amp;step=soothe&amp;version=1" in html
    assert "Store B" not in html  # nobody went through it there
    assert "Store A" in bo.get(f"/admin/sops/{item.pk}/adherence/", headers=HX).content.decode()
    assert sign_in(cast.cy, "south.localhost").get(f"/admin/sops/{item.pk}/adherence/").status_code == 404


def test_a_wait_says_until_when(cast: Cast, item: Item, bo: Client) -> None:
    with in_store(cast.a):
        Attachment.objects.all().delete()
    run = started(cast, bo, item)
    send(bo, "skip", run=run, step="soothe", reason="x")
    html = send(bo, "do", run=run, step="choose", edge=0, **{"evidence.sum": "1"}).content.decode()
    assert "data-sop-until" in html
    assert ">Done</" not in html
    with in_store(cast.a):
        SopRun.objects.update(step_since=SopRun.objects.get().step_since - timedelta(hours=24))
    assert "The time is over" in pane(bo)
    assert send(bo, "do", run=run, step="wait").status_code == 200
