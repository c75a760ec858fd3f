"""下发: one version to many stores, at once or at its time; what is refused, asked, kept, undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge.actions.accept_for_store import accept_for_store
from knowledge.actions.cancel_release import AlreadyReleased, cancel_release
from knowledge.actions.make_version import make_version, sign_off
from knowledge.actions.override import StoreMovedOn, drop_override, override
from knowledge.actions.publish import NotAccepted, publish
from knowledge.actions.release_due import release_due
from knowledge.actions.set_seller_signs import set_seller_signs
from knowledge.actions.undo_release import NotToUndo, undo_release
from knowledge.actions.write_item import ItemIsArchived, Place, archive_item, create_item, save_draft
from knowledge.models import Delivered, Item, Publication, Release, SearchEntry, Version
from knowledge.queries.drift import drift_of_items, drift_of_stores, items_of_store, stores_of_item
from knowledge.queries.releases import release_line, releases_of, results_of
from tenants.context import at
from tenants.errors import DomainError, Invalid, NotFound
from tenants.models import Change, Membership, Store
from tests.cast import NOON, Cast

LATER = NOON + timedelta(hours=2)


def says(words: str) -> dict[str, Any]:
    return {"title": {"zh": words[:20]}, "body": {"zh": words}}


def article(cast: Cast, words: str = "第一版", **place: Any) -> Item:
    item = create_item(
        cast.north.pk, kind="article", content=says(words), place=Place(**place), author=cast.ann, now=NOON
    )
    make_version(item, revision=1, author=cast.ann, now=NOON)
    return item


def next_version(cast: Cast, item: Item, words: str = "第二版") -> Version:
    save_draft(item, says(words), revision=item.revision, author=cast.ann, now=NOON)
    return make_version(item, revision=item.revision, author=cast.ann, now=NOON)


def sop(cast: Cast) -> Version:
    content = {"title": {"zh": "退款流程"}, "steps": [{"key": "a", "kind": "do", "title": {"zh": "核实"}}]}
    item = create_item(cast.north.pk, kind="sop", content=content, place=Place(), author=cast.ann, now=NOON)
    return make_version(item, revision=1, author=cast.ann, now=NOON)


def to(cast: Cast, item: Item, version: Version | None, *stores: Store, now: datetime = NOON, **more: Any) -> Release:
    return publish(item, version, [store.pk for store in stores], author=cast.ann, now=now, **more)


def outcomes(release: Release) -> dict[str, str]:
    rows = release.stores.select_related("store")
    return {row.store.slug[-1]: f"{row.outcome} {row.reason}".strip() for row in rows}


def runs(item: Item) -> dict[str, int]:
    rows = Publication.objects.filter(item=item).select_related("store", "version")
    return {row.store.slug[-1]: row.version.number for row in rows}


def own_text(store: Store, item: Item) -> str:
    found = Publication.objects.get(store=store, item=item).override
    return found["body"]["zh"] if found else ""


def more_stores(cast: Cast, count: int) -> list[Store]:
    """Rows only: publishing looks into no schema."""
    made = [
        Store(
            agency=cast.north,
            slug=f"many-{n}",
            name=f"Many {n}",
            marketplace="douyin" if n % 2 else "tmall",
            state=Store.State.OPEN,
            state_since=NOON,
        )
        for n in range(count)
    ]
    return Store.objects.bulk_create(made)


def test_published_then_newer_then_back(cast: Cast) -> None:
    item = article(cast)
    first = item.latest
    release = to(cast, item, first, cast.a, cast.b)
    assert outcomes(release) == {"a": "published", "b": "published"}
    assert outcomes(to(cast, item, first, cast.a)) == {"a": "unchanged"}
    second = next_version(cast, item)
    newer = to(cast, item, second, cast.a)
    assert runs(item) == {"a": 2, "b": 1}
    assert newer.stores.get().before == first
    assert set(SearchEntry.objects.filter(item=item).values_list("version__number", flat=True)) == {1, 2}
    undo_release(newer, author=cast.ann, now=LATER)
    assert runs(item) == {"a": 1, "b": 1}
    with pytest.raises(NotToUndo):
        undo_release(newer, author=cast.ann, now=LATER)
    undo_release(release, author=cast.ann, now=LATER)
    assert runs(item) == {"a": 1}, "what changed since is left"
    assert outcomes(release) == {"a": "published changed_since", "b": "undone"}


def test_withdrawn_and_brought_back_with_its_own_text(cast: Cast) -> None:
    item = article(cast)
    to(cast, item, item.latest, cast.a, cast.b)
    override(cast.a, item, says("本店自己的"), author=cast.ann, now=NOON)
    gone = to(cast, item, None, cast.a, cast.b)
    assert runs(item) == {}
    assert not SearchEntry.objects.filter(item=item, store__isnull=False).exists()
    undo_release(gone, author=cast.ann, now=LATER)
    assert runs(item) == {"a": 1, "b": 1}
    assert own_text(cast.a, item) == "本店自己的"
    assert SearchEntry.objects.filter(item=item, store=cast.a).exists()


def test_an_own_text_is_kept_or_replaced_as_asked(cast: Cast) -> None:
    item = article(cast)
    first = item.latest
    to(cast, item, first, cast.a)
    override(cast.a, item, says("本店自己的"), author=cast.ann, now=NOON)
    second = next_version(cast, item)
    assert outcomes(to(cast, item, second, cast.a)) == {"a": "published keeps_own"}
    run = Publication.objects.get(item=item)
    assert (run.version, run.override_of, own_text(cast.a, item)) == (second, first, "本店自己的")
    (line,) = stores_of_item(item)[:1]
    assert (line.state, line.has_own, line.own_of, line.is_stale) == ("current", True, 1, True)
    replaced = to(cast, item, second, cast.a, replace_overrides=True)
    assert outcomes(replaced) == {"a": "published"}
    assert Publication.objects.get(item=item).override is None
    undo_release(replaced, author=cast.ann, now=LATER)
    assert own_text(cast.a, item) == "本店自己的"


def test_a_text_written_since_survives_an_undo(cast: Cast) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a)
    override(cast.a, item, says("后来写的"), author=cast.ann, now=LATER)
    (line,) = undo_release(release, author=cast.ann, now=LATER)
    assert line.reason == Delivered.Reason.CHANGED_SINCE
    assert runs(item) == {"a": 1}


def test_who_moved_on_is_left_alone(cast: Cast) -> None:
    item = article(cast)
    first = item.latest
    to(cast, item, first, cast.a)
    second = next_version(cast, item)
    seen = {cast.a.pk: None, cast.b.pk: None}
    assert outcomes(to(cast, item, second, cast.a, cast.b, seen=seen)) == {"a": "refused moved_on", "b": "published"}


def test_what_does_not_belong_is_refused_and_the_rest_goes_on(cast: Cast) -> None:
    douyin, tmall = more_stores(cast, 2)[::-1]
    item = article(cast, layer="platform", marketplace="douyin")
    release = to(cast, item, item.latest, douyin, tmall)
    assert sorted(outcomes(release).values()) == ["published", "refused other_marketplace"]
    own = article(cast, layer="store", store_id=cast.a.pk)
    assert outcomes(to(cast, own, own.latest, cast.a, cast.b)) == {"a": "published", "b": "refused other_store"}


def test_what_can_not_be_published_at_all(cast: Cast) -> None:
    def refused(error: type[DomainError], item: Item, version: Version | None, *stores: Store, **more: Any) -> str:
        with pytest.raises(error) as caught:
            to(cast, item, version, *stores, **more)
        return caught.value.field or ""

    item, other = article(cast), article(cast)
    own = article(cast, layer="personal", person_id=cast.ann.pk)
    assert refused(Invalid, own, own.latest, cast.a) == "item"
    assert refused(Invalid, item, other.latest, cast.a) == "version"
    assert refused(Invalid, item, item.latest) == "stores"
    assert refused(NotFound, item, item.latest, cast.a, cast.c) == "stores"
    assert refused(Invalid, item, item.latest, cast.a, due_at=NOON) == "due_at"
    assert refused(Invalid, item, item.latest, cast.a, due_at=NOON + timedelta(days=900)) == "due_at"
    archive_item(other, author=cast.ann, now=NOON)
    assert refused(ItemIsArchived, other, other.latest, cast.a) == "item"
    version = sop(cast)
    assert refused(NotAccepted, version.item, version, cast.a) == "version"
    assert not Release.objects.exists()
    assert not Publication.objects.exists()


def test_an_agent_publishes_nowhere(cast: Cast) -> None:
    item = article(cast)
    release = publish(item, item.latest, [cast.a.pk], author=cast.bo, now=NOON)
    assert outcomes(release) == {"a": "refused no_right"}
    assert runs(item) == {}


def test_a_seller_who_signs_is_asked(cast: Cast) -> None:
    version = sop(cast)
    item = version.item
    sign_off(version, person=cast.ann, accepted=True, now=NOON)
    set_seller_signs(cast.a, True, author=cast.ann, now=NOON)
    release = to(cast, item, version, cast.a, cast.b)
    assert outcomes(release) == {"a": "asked", "b": "published"}
    with pytest.raises(NotFound):
        accept_for_store(cast.b, version, person=cast.di, accepted=True, now=NOON)
    with pytest.raises(Invalid):
        accept_for_store(cast.a, version, person=cast.di, accepted=False, now=NOON)
    assert outcomes(release)["a"] == "asked", "a refusal without a reason is none"
    with at(cast.caller(cast.di, "store-a.localhost").place):
        accept_for_store(cast.a, version, person=cast.di, accepted=True, now=LATER)
    assert outcomes(release) == {"a": "published", "b": "published"}
    assert runs(item) == {"a": 1, "b": 1}
    assert SearchEntry.objects.filter(item=item, version=version).exists()
    assert outcomes(to(cast, item, version, cast.a)) == {"a": "unchanged"}
    to(cast, item, None, cast.a)
    assert outcomes(to(cast, item, version, cast.a)) == {"a": "published"}, "accepted once is accepted"


def test_a_seller_says_no_and_why(cast: Cast) -> None:
    version = sop(cast)
    sign_off(version, person=cast.ann, accepted=True, now=NOON)
    set_seller_signs(cast.a, True, author=cast.ann, now=NOON)
    release = to(cast, version.item, version, cast.a)
    again = to(cast, version.item, version, cast.a)
    assert outcomes(release) == {"a": "refused replaced"}
    accept_for_store(cast.a, version, person=cast.di, accepted=False, reason="运费由谁出？", now=LATER)
    assert outcomes(again) == {"a": "refused 运费由谁出？"}
    assert runs(version.item) == {}


def test_at_its_time_and_not_before(cast: Cast) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a, cast.b, due_at=LATER, time_zone="Asia/Shanghai")
    assert outcomes(release) == {"a": "waiting", "b": "waiting"}
    assert release_due(LATER - timedelta(seconds=1)) == 0
    Store.objects.filter(pk=cast.b.pk).update(state=Store.State.SUSPENDED)
    assert release_due(LATER) == 1
    assert outcomes(release) == {"a": "published", "b": "refused no_right"}
    assert release_due(LATER) == 0
    with pytest.raises(AlreadyReleased):
        cancel_release(release, author=cast.ann, now=LATER)


def test_who_lost_the_right_meanwhile_publishes_nothing(cast: Cast) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a, due_at=LATER)
    Membership.objects.filter(user=cast.ann).update(role="agent")
    release_due(LATER)
    assert outcomes(release) == {"a": "refused no_right"}
    assert runs(item) == {}


def test_what_is_wrong_by_then_is_refused(cast: Cast) -> None:
    item, version = article(cast), sop(cast)
    sign_off(version, person=cast.ann, accepted=True, now=NOON)
    first, second = (
        to(cast, item, item.latest, cast.a, due_at=LATER),
        to(cast, version.item, version, cast.a, due_at=LATER),
    )
    archive_item(item, author=cast.ann, now=NOON)
    sign_off(version, person=cast.ann, accepted=False, reason="错了", now=NOON)
    assert release_due(LATER) == 2
    assert outcomes(first) == {"a": "refused archived"}
    assert outcomes(second) == {"a": "refused not_accepted"}


def test_cancelled_in_time(cast: Cast) -> None:
    item = article(cast)
    release = to(cast, item, item.latest, cast.a, due_at=LATER)
    cancel_release(release, author=cast.ann, now=NOON)
    cancel_release(release, author=cast.ann, now=NOON)
    assert release_due(LATER) == 0
    assert outcomes(release) == {"a": "refused cancelled"}
    assert release_line(cast.north.pk, release.pk).state == "cancelled"
    with pytest.raises(NotToUndo):
        undo_release(release, author=cast.ann, now=LATER)


def test_own_text_of_a_store(cast: Cast) -> None:
    item = article(cast)
    with pytest.raises(Invalid) as refused:
        override(cast.a, item, says("x"), author=cast.ann, now=NOON)
    assert refused.value.field == "store"
    to(cast, item, item.latest, cast.a)
    mark = Publication.objects.get(item=item).mark
    override(cast.a, item, says("甲"), author=cast.ann, now=NOON, seen=mark)
    with pytest.raises(StoreMovedOn):
        override(cast.a, item, says("乙"), author=cast.ann, now=NOON, seen=mark)
    with pytest.raises(Invalid) as refused:
        override(cast.a, item, {"title": {"zh": "x"}}, author=cast.ann, now=NOON)
    assert refused.value.field == "body"
    with pytest.raises(Invalid):
        override(cast.a, item, says("第一版"), author=cast.ann, now=NOON)
    drop_override(cast.a, item, author=cast.ann, now=LATER)
    assert Publication.objects.get(item=item).override is None
    kinds = list(Change.objects.filter(object_id=item.pk, what="knowledge.item").values_list("kind", flat=True))
    assert {"published", "overridden", "override_dropped"} <= set(kinds)


def test_two_hundred_stores_cost_no_more_queries_than_two(cast: Cast) -> None:
    few, many = article(cast), article(cast)
    stores = more_stores(cast, 200)
    north = cast.caller(cast.ann).place

    def cost(item: Item, wanted: list[Store]) -> int:
        with at(north), CaptureQueriesContext(connection) as queries:
            to(cast, item, item.latest, *wanted)
        return sum("SAVEPOINT" not in query["sql"] for query in queries)

    assert cost(many, stores) == cost(few, stores[:2]) <= 22
    assert Publication.objects.filter(item=many).count() == 200
    release = Release.objects.get(item=many)
    assert release_line(cast.north.pk, release.pk).counts["published"] == 200
    assert len(results_of(release.pk)) == 200
    assert Change.objects.filter(kind="published", what="knowledge.publication").count() == 202


def test_drift(cast: Cast) -> None:
    item, other = article(cast, "甲"), article(cast, "乙")
    first = item.latest
    to(cast, item, first, cast.a, cast.b)
    override(cast.b, item, says("自己的"), author=cast.ann, now=NOON)
    second = next_version(cast, item)
    to(cast, item, second, cast.b)
    to(cast, other, other.latest, cast.a)
    by_title = {line.item_id: line for line in drift_of_items(cast.north.pk)}
    line = by_title[item.pk]
    assert (line.running, line.current, line.behind, line.overrides, line.stale, line.lacking) == (
        ((2, 1), (1, 1)), 1, 1, 1, 1, 0,
    )  # fmt: skip
    assert by_title[other.pk].lacking == 1
    by_store = {line.store_id: line for line in drift_of_stores(cast.north.pk)}
    a, b = by_store[cast.a.pk], by_store[cast.b.pk]
    assert (a.current, a.behind, a.overrides, a.lacking) == (1, 1, 0, 0)
    assert (b.current, b.behind, b.overrides, b.stale, b.lacking) == (1, 0, 1, 1, 1)
    states = {row.item_id: row.state for row in items_of_store(cast.b)}
    assert states == {item.pk: "current", other.pk: "lacking"}
    assert [row.state for row in stores_of_item(item)] == ["behind", "current"]
    assert len(releases_of(cast.north.pk)) == 3
    assert drift_of_items(cast.south.pk) == []
