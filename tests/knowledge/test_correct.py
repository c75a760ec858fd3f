"""Corrections: proposed by who reads, decided by who writes, and the answer reaches its author."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.actions import correct
from knowledge.actions.correct import AlreadyDecided, accept_correction, decline_correction, propose_correction
from knowledge.actions.write_item import ItemMovedOn, save_draft
from knowledge.models import Correction, Item, Publication
from knowledge.queries.corrections import correction_for, correction_list, open_corrections, own_corrections
from tenants.access import Action, store_for
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Change, Store, User
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.knowledge.articles import article, content, run

BEFORE = "We ship within **48 hours**."
AFTER = "We ship within **24 hours**."
A_HOST = "store-a.localhost"


def proposed(item: Item, author: User, store: Store | None = None, **more: Any) -> Correction:
    said = {"language": "en", "before": BEFORE, "after": AFTER, "reason": "Since May we do.", **more}
    return propose_correction(item, store=store, author=author, now=NOON, **said)


def accepted(one: Correction, item: Item, cast: Cast, into: str = "draft", **more: Any) -> Correction:
    said = {"text": one.after, "revision": item.revision, "answer": "Thank you.", **more}
    return accept_correction(one, item, into=into, by=cast.ann, now=NOON, **said)


def test_accepted_for_all_it_becomes_the_draft(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a)
    one = accepted(proposed(item, cast.di, cast.a), item, cast)
    assert item.draft is not None
    assert item.draft["body"] == {"en": AFTER, "zh": "付款后 **48 小时** 内发货。"}
    assert (one.state, one.went_to, one.decided_by) == ("accepted", "draft", cast.ann)
    assert Publication.objects.get(item=item).override is None
    kinds = list(Change.objects.filter(object_id=item.pk).order_by("pk").values_list("kind", flat=True))
    assert kinds[-3:] == ["correction_proposed", "drafted", "correction_accepted"]


def test_accepted_for_one_store_it_is_that_stores_own(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a, cast.b)
    accepted(proposed(item, cast.di, cast.a), item, cast, into="override", text="24 hours here.")
    own, others = (Publication.objects.get(item=item, store=store) for store in (cast.a, cast.b))
    assert own.override is not None
    assert own.override["body"]["en"] == "24 hours here."
    assert own.override_of == item.latest
    assert (others.override, item.draft) == (None, None)


def test_override_goes_on_from_the_stores_own_text(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a, override=content(title="Ours", body="Ours."))
    accepted(proposed(item, cast.di, cast.a, before="Ours."), item, cast, into="override")
    overridden = Publication.objects.get(item=item).override
    assert overridden is not None
    assert overridden["title"]["en"] == "Ours"


def test_where_the_store_does_not_run_it_there_is_nothing_to_override(cast: Cast) -> None:
    item = article(cast)
    one = proposed(item, cast.bo)
    with pytest.raises(Invalid) as refused:
        accepted(one, item, cast, into="override")
    assert refused.value.field == "into"
    assert Correction.objects.get().state == "open"


def test_declined_with_a_word(cast: Cast) -> None:
    one = proposed(article(cast), cast.bo)
    with pytest.raises(Invalid) as refused:
        decline_correction(one, answer="  ", by=cast.ann, now=NOON)
    assert refused.value.field == "answer"
    decline_correction(one, answer="The carrier says 48.", by=cast.ann, now=NOON)
    assert one.answer == "The carrier says 48."
    with pytest.raises(AlreadyDecided):
        decline_correction(one, answer="again", by=cast.ann, now=NOON)


def test_somebody_changed_the_article_meanwhile(cast: Cast) -> None:
    item = article(cast)
    one, seen = proposed(item, cast.bo), item.revision
    save_draft(item, content(body="Mine."), revision=seen, author=cast.ann, now=NOON)
    with pytest.raises(ItemMovedOn):
        accepted(one, item, cast, revision=seen)
    assert item.draft is not None
    assert (one.state, item.draft["body"]["en"]) == ("open", "Mine.")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"after": " "}, "after"),
        ({"after": BEFORE + "\r\n"}, "after"),
        ({"after": "x" * 60_001}, "after"),
        ({"after": "a\x00b"}, "after"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_is_no_correction(cast: Cast, said: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        proposed(article(cast), cast.bo, **said)
    assert refused.value.field == field
    assert not Correction.objects.exists()


def test_the_same_again_is_the_same_and_there_is_an_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    item = article(cast)
    assert proposed(item, cast.di, cast.a) == proposed(item, cast.di, cast.a)
    monkeypatch.setattr(correct, "MOST_OPEN", 1)
    with pytest.raises(Conflict):
        proposed(item, cast.di, cast.a, after="other")


def test_who_sees_which(cast: Cast) -> None:
    item = article(cast)
    sellers, bos = proposed(item, cast.di, cast.a), proposed(item, cast.bo)
    ann, bo, cy = cast.caller(cast.ann), cast.caller(cast.bo), cast.caller(cast.cy, SOUTH_HOST)
    assert {row.id for row in correction_list(ann, state="open")} == {sellers.pk, bos.pk}
    assert {row.id for row in correction_list(bo)} == {bos.pk}
    assert correction_list(cy) == []
    assert (open_corrections(ann), open_corrections(bo), open_corrections(cy)) == (2, 0, 0)
    assert correction_for(ann, sellers.pk, lock=True) == sellers
    for caller, pk in ((bo, sellers.pk), (cy, bos.pk), (cast.caller(cast.di, A_HOST), sellers.pk)):
        with pytest.raises(NotFound):
            correction_for(caller, pk)


def test_the_author_sees_what_became_of_it(cast: Cast) -> None:
    item = article(cast)
    one = proposed(item, cast.di, cast.a)
    proposed(item, cast.bo, cast.a)
    decline_correction(one, answer="No.", by=cast.ann, now=NOON)
    di = cast.caller(cast.di, A_HOST)
    (row,) = own_corrections(di, store_for(di, "store-a", Action.VIEW))
    assert (row.id, row.state, row.answer, row.author) == (one.pk, "declined", "No.", "")
