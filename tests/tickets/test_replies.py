"""Quick replies beside the conversation: what the composer is told, one filled in, counted when sent, and kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from knowledge.actions.add_picture import add_picture
from knowledge.models import Item, Publication, Use
from tenants.context import in_store
from tenants.models import Team, TeamMember
from tests.cast import NOON, NORTH_HOST, PNG, Cast
from tests.conftest import Api, SignIn
from tests.replies import a_reply, own_reply, run_in, said
from tests.scenes import buyer_writes
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.models import Attachment, Customer, Event, Message, Ticket, Visitor

LIST, TICKET = "/desk/store-a/replies/", "/desk/store-a/1/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def lines(client: Client, **headers: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(LIST, headers=headers).json()["replies"]
    return found


def send(client: Client, body: str = "您好", key: str = "k-1", **more: Any) -> Any:
    return client.post(TICKET + "reply/", {"body": body, "client_key": key, "seen_seq": "99", **more}, headers=HTMX)


def answers(cast: Cast) -> list[str]:
    with in_store(cast.a):
        return list(Message.objects.filter(kind="agent").order_by("pk").values_list("body", flat=True))


# ---------------------------------------------------------------- what the composer is told


def test_the_store_holds_what_was_published_and_what_is_ones_own(cast: Cast, bo: Client) -> None:
    team = Team.objects.create(agency=cast.north, name="Night")
    run_in(a_reply(cast), cast.a)
    run_in(a_reply(cast, said(title="别家的")), cast.b)
    own_reply(cast, cast.bo, said(title="我的"))
    own_reply(cast, cast.ann, said(title="她的"))
    a_reply(cast, said(title="未发布"))
    a_reply(cast, said(title="夜班"), layer="team", team_id=team.pk)
    assert {line["title"]["zh"] for line in lines(bo)} == {"查物流进度", "我的"}
    TeamMember.objects.create(agency=cast.north, team=team, user=cast.bo)
    assert {line["title"]["zh"] for line in lines(bo)} == {"查物流进度", "我的", "夜班"}


def test_a_line_has_what_a_search_needs_and_no_text(cast: Cast, bo: Client) -> None:
    long = "{buyer}您好，订单{order}已发出。" + "很长" * 400
    run_in(a_reply(cast, said(long, shortcut="wl"), folder="售后/物流", categories=("logistics",)), cast.a)
    (line,) = lines(bo)
    assert line["sound"] == "cha|zha wu liu jin du|duo"
    assert (line["folder"], line["shortcut"], line["variables"]) == ("售后/物流", "wl", ["buyer", "order"])
    assert line["first"]["zh"].startswith("订单{order}已发出。")
    assert len(line["first"]["zh"]) <= 90
    assert (line["categories"], line["own_uses"], line["uses"], line["pictures"]) == (["logistics"], 0, 0, 0)
    assert bo.get(LIST).json()["folders"] == {"售后/物流": "shou hou wu liu"}


def test_it_is_sent_again_only_when_it_changed(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.a)
    stamp = bo.get(LIST)["ETag"]
    assert bo.get(LIST, headers={"If-None-Match": stamp}).status_code == 304
    assert bo.get(LIST, headers={"If-None-Match": f"W/{stamp}"}).status_code == 304
    stamps = {stamp}

    def moved_on() -> bool:
        answer = bo.get(LIST, headers={"If-None-Match": stamp})
        known = answer["ETag"] in stamps
        stamps.add(answer["ETag"])
        return answer.status_code == 200 and not known

    own = own_reply(cast, cast.bo)
    assert moved_on()
    Item.objects.filter(pk=own.pk).update(folder="x", revision=9)
    assert moved_on()
    Publication.objects.filter(item=item).update(override=said(title="本店"), override_of=item.latest, override_at=NOON)
    assert moved_on()
    Publication.objects.filter(item=item).delete()
    assert moved_on()


def test_it_is_for_one_person(cast: Cast, bo: Client, sign_in: SignIn) -> None:
    answer = bo.get(LIST)
    assert answer["Cache-Control"] == "private, no-cache"
    assert sign_in(cast.ann).get(LIST)["ETag"] != answer["ETag"]


# ---------------------------------------------------------------- one of them, filled in


def filled(client: Client, item: Item, language: str = "zh") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{TICKET}replies/{item.pk}/", {"language": language}).json()
    return answer


def test_filled_with_what_is_known_and_the_alias(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast, said("{buyer}您好，{store}的{agent}，订单{order}，{date}前到。")), cast.a)
    told = filled(bo, item)
    assert told["body"] == "Buyer CANARY-A您好，Store A的Lily，订单{order}，{date}前到。"
    assert told["missing"] == ["order", "date"]


def test_a_lead_without_an_alias_speaks_as_the_store(cast: Cast, sign_in: SignIn) -> None:
    item = run_in(a_reply(cast, said("我是{agent}")), cast.a)
    assert filled(sign_in(cast.ann), item)["body"] == "我是Store A"


def test_the_order_that_was_shown_fills_it(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast, said("订单{order}，{product}")), cast.a)
    card = {"type": "order", "number": "2049", "status": "sent", "items": "四件套", "total": "", "url": ""}
    with in_store(cast.a):
        ticket = Ticket.objects.select_for_update().get(pk=1)
        reply_to_ticket(ticket, author=cast.bo, body="", client_key="o", seen_seq=None, card=card, now=NOON)
    assert filled(bo, item)["body"] == "订单2049，四件套"


def test_a_chats_form_fills_it_as_well(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast, said("订单{order}")), cast.a)
    with in_store(cast.a):
        number = buyer_writes("chat-1", channel=Channel.WIDGET, customer_id="v:" + "a" * 32).ticket_number
        customer = Ticket.objects.get(pk=number).customer
        more = {"secret_hash": "x", "created_at": NOON, "expires_at": NOON}
        Visitor.objects.create(customer=customer, answers={"order": "A-77", "topic": "size"}, **more)
    told = bo.get(f"/desk/store-a/{number}/replies/{item.pk}/").json()
    assert (told["body"], told["missing"]) == ("订单A-77", [])
    assert 'id="replies"' in bo.get(f"/desk/store-a/{number}/").content.decode(), "a chat has the same composer"


@pytest.mark.parametrize(("language", "body"), [("zh", "您好，"), ("en", "Hello there,")])
def test_a_buyer_without_a_name_is_greeted_all_the_same(cast: Cast, bo: Client, language: str, body: str) -> None:
    item = run_in(a_reply(cast, said("{buyer}您好，", "Hello {buyer},")), cast.a)
    with in_store(cast.a):
        Customer.objects.update(name="")
    assert filled(bo, item, language)["body"] == body
    with in_store(cast.a):
        Customer.objects.update(name="v:" + "a" * 32)
    assert filled(bo, item, language)["body"] == body


def test_what_the_buyer_is_called_is_never_read_as_a_variable(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast, said("{buyer}您好，{store}")), cast.a)
    with in_store(cast.a):
        Customer.objects.update(name="{store}{{7*7}}{0.__class__}<b>")
    assert filled(bo, item)["body"] == "{store}{{7*7}}{0.__class__}<b>您好，Store A"


def test_a_language_that_is_none(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.a)
    assert bo.get(f"{TICKET}replies/{item.pk}/", {"language": "fr"}, headers=HTMX).status_code == 400


def test_a_reply_of_another_store_is_not_there(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.b)
    assert bo.get(f"{TICKET}replies/{item.pk}/").status_code == 404
    assert bo.get(f"{TICKET}replies/{2**62}/").status_code == 404


# ---------------------------------------------------------------- what is left open is not sent


def test_what_is_left_open_is_caught(cast: Cast, bo: Client) -> None:
    answer = send(bo, "订单{order}由{carrier}送出")
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'data-error="variables_left"' in page
    assert "{order} (the order&#x27;s number), {carrier} (the carrier)" in page
    assert answers(cast) == []
    assert send(bo, "订单{order}由{carrier}送出", as_is="1").status_code == 200
    assert answers(cast) == ["订单{order}由{carrier}送出"]


@pytest.mark.parametrize("body", ["{{7*7}}", "{0.__class__}", "{nobody}", "{ order }", "{订单}"])
def test_other_braces_are_text(cast: Cast, bo: Client, body: str) -> None:
    assert send(bo, body).status_code == 200
    assert answers(cast) == [body]


def test_programs_are_asked_only_if_they_want(cast: Cast, api: Api) -> None:
    client = api(cast.ann, NORTH_HOST, agency=cast.north)

    def post(key: str, **more: Any) -> Any:
        body = {"body": "订单{order}", "client_key": key, **more}
        return client.post("/api/v1/stores/store-a/tickets/1/reply/", body, content_type="application/json")

    refused = post("p-1", check_variables=True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "variables_left")
    assert refused.json()["error"]["field"] == "body"
    assert refused.json()["error"]["details"] == {"missing": ["order"]}
    assert post("p-1").status_code == 201


# ---------------------------------------------------------------- counted


def test_counted_once_with_the_answer(cast: Cast, bo: Client) -> None:
    item, other = run_in(a_reply(cast), cast.a), own_reply(cast, cast.bo)
    for _again in range(2):
        assert send(bo, used=[item.pk, other.pk, item.pk]).status_code == 200
    uses = list(Use.objects.order_by("item_id").values_list("item_id", "store_id", "person_id", "ticket_number"))
    assert uses == [(pk, cast.a.pk, cast.bo.pk, 1) for pk in sorted((item.pk, other.pk))]
    line = next(line for line in lines(bo) if line["id"] == item.pk)
    assert (line["own_uses"], line["uses"]) == (1, 1)


def test_what_the_store_does_not_hold_is_not_counted(cast: Cast, bo: Client) -> None:
    elsewhere, hers = run_in(a_reply(cast), cast.b), own_reply(cast, cast.ann)
    assert send(bo, used=[elsewhere.pk, hers.pk, 10**17]).status_code == 200
    assert not Use.objects.exists()
    assert answers(cast) == ["您好"], "the buyer is answered all the same"


@pytest.mark.parametrize("used", ["x", "-1", "1" * 30, "１"])
def test_used_that_is_no_number(cast: Cast, bo: Client, used: str) -> None:
    assert send(bo, used=used).status_code == 400
    assert answers(cast) == []


def test_a_refused_answer_counts_nothing(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.a)
    assert send(bo, "订单{order}", used=[item.pk]).status_code == 400
    assert send(bo, "", used=[item.pk]).status_code == 400
    assert not Use.objects.exists()


def test_seller_uses_none(cast: Cast, sign_in: SignIn) -> None:
    item = run_in(a_reply(cast), cast.a)
    di = sign_in(cast.di, "store-a.localhost")
    assert send(di, used=[item.pk]).status_code == 200
    assert not Use.objects.exists()
    assert 'id="replies"' not in di.get(TICKET).content.decode()


def test_history_says_it_was_answered(cast: Cast, bo: Client) -> None:
    item = run_in(a_reply(cast), cast.a)
    send(bo, used=[item.pk])
    with in_store(cast.a):
        assert Event.objects.filter(kind=Event.Kind.REPLIED).count() == 1


# ---------------------------------------------------------------- pictures


def with_picture(cast: Cast) -> tuple[Item, UUID]:
    picture = add_picture(cast.north.pk, name="size.png", content=PNG, author=cast.ann, now=NOON)
    return run_in(a_reply(cast, said("尺码表", pictures=[str(picture.pk)])), cast.a), picture.pk


def test_its_pictures_go_with_the_answer(cast: Cast, bo: Client) -> None:
    item, picture = with_picture(cast)
    (told,) = filled(bo, item)["pictures"]
    assert (told["id"], told["name"]) == (str(picture), "size.png")
    assert bo.get(told["url"]).status_code == 200
    assert send(bo, used=[item.pk], picture=[str(picture)]).status_code == 200
    with in_store(cast.a):
        (file,) = Attachment.objects.filter(message__kind="agent")
        assert (file.name, file.content_type) == ("size.png", "image/png")
        assert file.file.size == file.size > 0


def test_a_picture_alone_is_an_answer(cast: Cast, bo: Client) -> None:
    item, picture = with_picture(cast)
    assert send(bo, "", used=[item.pk], picture=[str(picture)]).status_code == 200
    assert answers(cast) == [""]


def test_a_picture_of_no_reply_that_is_held_is_refused(cast: Cast, bo: Client) -> None:
    item, picture = with_picture(cast)
    other = add_picture(cast.south.pk, name="x.png", content=PNG, author=cast.cy, now=NOON)
    for sent in ({"picture": [str(picture)]}, {"picture": [str(other.pk)], "used": [item.pk]}, {"picture": ["x"]}):
        answer = send(bo, **sent)
        assert (answer.status_code, 'data-field="picture"' in answer.content.decode()) == (400, True)
    Publication.objects.all().delete()
    assert send(bo, used=[item.pk], picture=[str(picture)]).status_code == 400
    assert answers(cast) == []


# ---------------------------------------------------------------- one's own words


def test_what_one_wrote_becomes_ones_own_without_the_buyer_in_it(cast: Cast, bo: Client) -> None:
    page = bo.post(f"{TICKET}replies/draft/", {"body": "Buyer CANARY-A您好，我是Lily。"}, headers=HTMX).content.decode()
    assert "{buyer}您好，我是{agent}。" in page
    assert 'name="language" value="zh"' in page
    assert "CANARY" not in page
    kept = {"title": "问好", "body": "{buyer}您好，我是{agent}。", "language": "zh"}
    kept |= {"shortcut": "wh", "folder": "我的 / 常用"}
    assert bo.post(LIST + "keep/", kept, headers=HTMX).status_code == 204
    item = Item.objects.get()
    assert (item.layer, item.person_id, item.agency_id) == ("personal", cast.bo.pk, cast.north.pk)
    assert item.folder == "我的/常用"
    assert item.latest is not None
    assert item.draft is None
    (line,) = lines(bo)
    assert (line["title"]["zh"], line["shortcut"], line["layer"]) == ("问好", "wh", "personal")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"body": ""}, "body"),
        ({"body": "{nobody}"}, "body.zh"),
        ({"body": "退" * 10_000}, "body.zh"),
        ({"language": "fr"}, "language"),
        ({"shortcut": "x" * 41}, "shortcut"),
        ({"folder": "x" * 201}, "folder"),
        ({"title": "a\x00"}, "title"),
    ],
)
def test_kept_words_that_can_not_be(cast: Cast, bo: Client, wrong: dict[str, str], field: str) -> None:
    kept = {"title": "问好", "body": "您好", "language": "zh", **wrong}
    answer = bo.post(LIST + "keep/", kept, headers=HTMX)
    assert answer.status_code == 400
    assert f'data-field="{field}' in answer.content.decode()
    assert not Item.objects.exists()
