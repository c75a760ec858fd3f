"""An item's life: draft, version, names put to it; two people at once; and who sees whose."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.actions.make_version import NothingNew, make_version, sign_off
from knowledge.actions.write_item import ItemMovedOn, Place, create_item, discard_draft, place_item, save_draft
from knowledge.content.text import Text
from knowledge.models import Item, Publication
from knowledge.queries.gate import item_for, items_for, locked_item, writable_items_for
from knowledge.queries.held import held_in, held_item
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.models import Change, Team, TeamMember, User
from tests.cast import NOON, NORTH_HOST, SOUTH_HOST, Cast


def reply(title: str = "退款", body: str = "您好，已为您申请退款。") -> dict[str, Any]:
    return {"title": {"zh": title}, "body": {"zh": body}}


def make(cast: Cast, author: User | None = None, **place: Any) -> Item:
    author = author or cast.ann
    return create_item(cast.north.pk, kind="reply", content=reply(), place=Place(**place), author=author, now=NOON)


def test_a_draft_becomes_a_version_and_the_next_one(cast: Cast) -> None:
    item = make(cast, folder=" 售后 / 退款 /")
    assert (item.folder, item.title_zh, item.latest) == ("售后/退款", "退款", None)
    first = make_version(item, revision=1, author=cast.ann, now=NOON)
    save_draft(item, reply(title="退款进度"), revision=2, author=cast.ann, now=NOON)
    second = make_version(item, revision=3, author=cast.ann, words="clearer", now=NOON)
    assert (first.number, second.number, item.draft, item.latest) == (1, 2, None, second)
    assert first.content["title"]["zh"] == "退款"
    assert item.title_zh == "退款进度"
    kinds = list(Change.objects.filter(what="knowledge.item", object_id=item.pk).values_list("kind", flat=True))
    assert sorted(kinds) == ["created", "drafted", "version_made", "version_made"]


def test_the_same_again_is_no_version(cast: Cast) -> None:
    item = make(cast)
    make_version(item, revision=1, author=cast.ann, now=NOON)
    save_draft(item, reply(), revision=2, author=cast.ann, now=NOON)
    with pytest.raises(NothingNew):
        make_version(item, revision=item.revision, author=cast.ann, now=NOON)
    discard_draft(item, revision=item.revision, author=cast.ann, now=NOON)
    assert item.draft is None


def test_who_writes_over_what_they_did_not_see_is_told(cast: Cast) -> None:
    item = make(cast)
    save_draft(item, reply(title="甲"), revision=1, author=cast.ann, now=NOON)
    with pytest.raises(ItemMovedOn) as refused:
        save_draft(item, reply(title="乙"), revision=1, author=cast.bo, now=NOON)
    assert refused.value.details == {"revision": 2, "seen": 1}
    assert "Ann" in str(refused.value.message)
    assert item.draft is not None
    assert item.draft["title"]["zh"] == "甲"


def test_a_refusal_says_why(cast: Cast) -> None:
    item = make(cast)
    version = make_version(item, revision=1, author=cast.ann, now=NOON)
    with pytest.raises(Invalid) as refused:
        sign_off(version, person=cast.ann, accepted=False, now=NOON)
    assert refused.value.field == "reason"
    assert sign_off(version, person=cast.ann, accepted=True, now=NOON).accepted


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"layer": "moon"}, "layer"),
        ({"layer": "platform"}, "marketplace"),
        ({"layer": "personal"}, "person"),
        ({"layer": "platform", "marketplace": "bazaar"}, "marketplace"),
        ({"audience": "nobody"}, "audience"),
        ({"categories": ("weather",)}, "categories"),
        ({"folder": "x" * 201}, "folder"),
    ],
)
def test_a_place_that_is_none_is_refused(cast: Cast, place: dict[str, Any], field: str) -> None:
    item = make(cast)
    with pytest.raises(Invalid) as refused:
        place_item(item, Place(**place), revision=1, author=cast.ann, now=NOON)
    assert refused.value.field == field


def test_who_sees_and_writes_what(cast: Cast) -> None:
    team = Team.objects.create(agency=cast.north, name="Night")
    of_agency = make(cast)
    of_bo = make(cast, cast.bo, layer="personal", person_id=cast.bo.pk)
    of_ann = make(cast, layer="personal", person_id=cast.ann.pk)
    of_team = make(cast, layer="team", team_id=team.pk)
    of_a, of_b = (make(cast, layer="store", store_id=store.pk) for store in (cast.a, cast.b))
    ann, bo, cy = cast.caller(cast.ann), cast.caller(cast.bo), cast.caller(cast.cy, SOUTH_HOST)

    assert set(items_for(ann)) == {of_agency, of_ann, of_team, of_a, of_b}
    assert set(items_for(bo)) == {of_agency, of_bo, of_a}
    assert set(writable_items_for(bo)) == {of_bo}
    TeamMember.objects.create(agency=cast.north, team=team, user=cast.bo)
    assert set(writable_items_for(bo)) == {of_bo, of_team}
    for stranger in (cy, cast.caller(cast.cy), cast.caller(cast.di), cast.caller(cast.ann, "store-a.localhost")):
        assert not items_for(stranger)
    with pytest.raises(NotFound):
        locked_item(bo, of_b.pk)
    with pytest.raises(Forbidden):
        locked_item(bo, of_agency.pk)
    with pytest.raises(NotFound):
        item_for(cy, of_agency.pk)
    assert locked_item(ann, of_a.pk) == of_a


def test_what_a_store_holds(cast: Cast) -> None:
    shared, own = make(cast), make(cast, cast.bo, layer="personal", person_id=cast.bo.pk)
    first = make_version(shared, revision=1, author=cast.ann, now=NOON)
    make_version(own, revision=1, author=cast.bo, now=NOON)
    save_draft(shared, reply(title="新"), revision=2, author=cast.ann, now=NOON)
    make_version(shared, revision=3, author=cast.ann, now=NOON)
    bo = cast.caller(cast.bo, NORTH_HOST)
    a = cast.a
    a.role = "agent"
    Publication.objects.create(store=a, item=shared, version=first, published_by=cast.ann, published_at=NOON)
    held = {row.item_id: row for row in held_in(bo, a, kind="reply")}
    assert set(held) == {shared.pk, own.pk}
    assert (held[shared.pk].version, held[shared.pk].title["zh"]) == (1, "退款")
    Publication.objects.update(override=reply(title="本店退款"), override_of=first, override_by=cast.ann)
    mine = held_item(bo, a, shared.pk, kind="reply")
    assert mine.is_override
    assert mine.read().title == Text(zh="本店退款")
    a.role = "seller"
    assert held_in(bo, a, kind="reply") == []
