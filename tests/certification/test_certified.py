"""Who is certified where: asked for or not, passed, lapsed by a newer SOP, revoked; in two queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import save_draft
from knowledge.models import Item, Publication
from tenants.errors import NotFound
from tenants.models import Store
from tests.cast import NOON, Cast
from tests.certification.scenes import fails, make_exam, passes
from tests.sops import REFUND, make_sop, publish_in
from tickets.certification.actions.revoke import revoke
from tickets.certification.actions.set_exam import set_state
from tickets.certification.queries import certified_in
from tickets.certification.queries.certified import missing_here
from tickets.certification.queries.results import results_of

HOUR = timedelta(hours=1)


def next_version(cast: Cast, item: Item) -> None:
    item.refresh_from_db()
    content = {**REFUND, "purpose": {"zh": f"{item.revision}", "en": "Changed."}}
    save_draft(item, content, revision=item.revision, author=cast.ann, now=NOON)
    make_version(item, revision=item.revision, author=cast.ann, now=NOON)
    item.refresh_from_db()


def test_a_store_that_asks_for_nothing_says_none(cast: Cast) -> None:
    make_exam(cast, state="open")
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: None, cast.b.pk: None}


def test_asked_for_only_who_passed(cast: Cast) -> None:
    exam = make_exam(cast)
    fails(exam, cast.ann)
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: frozenset(), cast.b.pk: None}
    passes(exam, cast.bo)
    assert certified_in([cast.a.pk]) == {cast.a.pk: {cast.bo.pk}}


def test_every_certificate_is_needed(cast: Cast) -> None:
    first, second = make_exam(cast), make_exam(cast, all_stores=True)
    passes(first, cast.bo)
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: frozenset(), cast.b.pk: frozenset()}
    passes(second, cast.bo)
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: {cast.bo.pk}, cast.b.pk: {cast.bo.pk}}
    assert certified_in([cast.c.pk]) == {cast.c.pk: None}, "all stores of the agency, and no others"


def test_it_lapses_in_the_store_that_runs_a_newer_version(cast: Cast) -> None:
    item = make_sop(cast)
    publish_in(cast, item, cast.a, cast.b)
    exam = make_exam(cast, stores=(cast.a, cast.b), sops=[item.pk])
    passes(exam, cast.ann, NOON + HOUR)
    both = frozenset({cast.ann.pk})
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: both, cast.b.pk: both}
    next_version(cast, item)
    assert certified_in([cast.a.pk]) == {cast.a.pk: both}, "made, and not published yet"
    publish_in(cast, item, cast.a)
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: frozenset(), cast.b.pk: both}
    line = next(line for line in results_of(exam, now=NOON + HOUR).people if line.person == cast.ann.pk)
    assert line.state == "lapsed"
    assert [(one.number, one.stores) for one in line.lapsed] == [(2, ("Store A",))]
    passes(exam, cast.ann, NOON + 2 * HOUR)
    assert certified_in([cast.a.pk, cast.b.pk]) == {cast.a.pk: both, cast.b.pk: both}


def test_going_back_to_the_version_that_was_learnt_is_no_lapse(cast: Cast) -> None:
    item = make_sop(cast)
    publish_in(cast, item)
    exam = make_exam(cast, sops=[item.pk])
    passes(exam, cast.bo)
    first = item.latest
    next_version(cast, item)
    publish_in(cast, item)
    assert certified_in([cast.a.pk]) == {cast.a.pk: frozenset()}
    Publication.objects.filter(item=item).update(version=first)
    assert certified_in([cast.a.pk]) == {cast.a.pk: {cast.bo.pk}}


def test_a_stores_own_text_lapses_it_there(cast: Cast) -> None:
    item = make_sop(cast)
    publish_in(cast, item)
    exam = make_exam(cast, sops=[item.pk])
    passes(exam, cast.bo, NOON)
    own = {"override": REFUND, "override_of": item.latest, "override_by": cast.ann}
    Publication.objects.filter(item=item).update(**own, override_at=NOON - HOUR)
    assert certified_in([cast.a.pk]) == {cast.a.pk: {cast.bo.pk}}, "it stood there when they learnt"
    Publication.objects.filter(item=item).update(override_at=NOON + HOUR)
    assert certified_in([cast.a.pk]) == {cast.a.pk: frozenset()}
    assert missing_here(cast.bo.pk, cast.a.pk)[0].has_lapsed


def test_a_store_with_its_own_text_lapses_by_no_version_that_it_does_not_run(cast: Cast) -> None:
    item = make_sop(cast)
    publish_in(cast, item)
    own = {"override": REFUND, "override_of": item.latest, "override_by": cast.ann, "override_at": NOON - HOUR}
    Publication.objects.filter(item=item).update(**own)
    exam = make_exam(cast, sops=[item.pk])
    passes(exam, cast.bo)
    next_version(cast, item)
    Publication.objects.filter(item=item).update(version=item.latest)  # published, and the store keeps its own text
    assert certified_in([cast.a.pk]) == {cast.a.pk: {cast.bo.pk}}
    Publication.objects.filter(item=item).update(override=None, override_of=None, override_by=None, override_at=None)
    assert certified_in([cast.a.pk]) == {cast.a.pk: frozenset()}, "now it runs the newer one"


def test_an_sop_that_came_to_the_exam_later_was_not_learnt(cast: Cast) -> None:
    exam = make_exam(cast)
    passes(exam, cast.bo)
    item = make_sop(cast)
    publish_in(cast, item)
    exam.sops.create(agency=cast.north, item=item)
    assert certified_in([cast.a.pk]) == {cast.a.pk: frozenset()}


def test_revoked_and_retired(cast: Cast) -> None:
    exam = make_exam(cast)
    passes(exam, cast.bo)
    revoke(exam, cast.bo.pk, by=cast.ann, now=NOON)
    assert certified_in([cast.a.pk]) == {cast.a.pk: frozenset()}
    with pytest.raises(NotFound):
        revoke(exam, cast.bo.pk, by=cast.ann, now=NOON)
    passes(exam, cast.bo)
    assert certified_in([cast.a.pk]) == {cast.a.pk: {cast.bo.pk}}
    set_state(exam, "retired", by=cast.ann, now=NOON)
    assert certified_in([cast.a.pk]) == {cast.a.pk: None}


def test_two_queries_whatever_the_number(cast: Cast) -> None:
    item = make_sop(cast)
    publish_in(cast, item, cast.a, cast.b)
    stores = list(Store.objects.values_list("pk", flat=True))
    for _number in range(3):
        passes(make_exam(cast, all_stores=True, sops=[item.pk]), cast.bo)
    with CaptureQueriesContext(connection) as asked:
        certified_in(stores)
    assert len(asked) <= 2, asked.captured_queries


def test_what_is_missing_here(cast: Cast) -> None:
    assert missing_here(cast.bo.pk, cast.a.pk) == ()
    exam = make_exam(cast)
    assert [(one.exam, one.has_lapsed) for one in missing_here(cast.bo.pk, cast.a.pk)] == [(exam.pk, False)]
    passes(exam, cast.bo)
    assert missing_here(cast.bo.pk, cast.a.pk) == ()
