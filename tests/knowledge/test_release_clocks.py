"""Two clocks at once, and one that dies in the middle: a release takes effect once, whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection as default_connection

from knowledge.actions import deliver_release
from knowledge.actions.make_version import make_version
from knowledge.actions.publish import publish
from knowledge.actions.release_due import release_due
from knowledge.actions.write_item import Place, create_item
from knowledge.models import Delivered, Item, Publication, Release, SearchEntry, SearchWord, Version
from tenants.context import as_operator
from tenants.models import Change, Store, User
from tests.cast import NOON
from tests.scenes import in_a_thread

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def waiting(real_store: Store) -> Iterator[int]:
    """A release that is really committed, due LATER."""

    def made() -> int:
        ann = User.objects.get(name="Ann")
        content = {"title": {"zh": "钟"}, "body": {"zh": "到点"}}
        item = create_item(real_store.agency_id, kind="article", content=content, place=Place(), author=ann, now=NOON)
        version = make_version(item, revision=1, author=ann, now=NOON)
        return publish(item, version, [real_store.pk], author=ann, now=NOON, due_at=LATER).pk

    def gone() -> None:
        items = Item.objects.filter(title_zh="钟")
        SearchEntry.objects.filter(item__in=items).delete()
        Publication.objects.filter(item__in=items).delete()
        Delivered.objects.filter(release__item__in=items).delete()
        Release.objects.filter(item__in=items).delete()
        Item.objects.filter(pk__in=items).update(latest=None)
        Version.objects.filter(item__in=items).delete()
        items.delete()
        SearchWord.objects.all().delete()
        Change.objects.all().delete()

    pk = in_a_thread(made)
    try:
        yield pk
    finally:
        in_a_thread(gone)


def published(pk: int) -> tuple[list[str], int]:
    return (
        list(Delivered.objects.filter(release=pk).values_list("outcome", flat=True)),
        Publication.objects.filter(release=pk).count(),
    )


def test_two_clocks_release_once(waiting: int) -> None:
    start, counts = Barrier(2), list[int]()

    def tick() -> None:
        try:
            with as_operator():
                start.wait()
                counts.append(release_due(LATER))
        finally:
            default_connection.close()

    clocks = [Thread(target=tick) for _ in range(2)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    assert sorted(counts) == [0, 1]
    assert in_a_thread(lambda: published(waiting)) == (["published"], 1)
    assert in_a_thread(lambda: Change.objects.filter(kind="published").count()) == 2, "the store's line and the item's"


def test_who_dies_in_the_middle_has_done_nothing(waiting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        with default_connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patched:
        patched.setattr(deliver_release, "_tell", dies)  # after the publications, before the commit
        assert in_a_thread(lambda: release_due(LATER)) == 0
    assert in_a_thread(lambda: published(waiting)) == (["waiting"], 0)
    assert in_a_thread(lambda: release_due(LATER)) == 1
    assert in_a_thread(lambda: published(waiting)) == (["published"], 1)
