"""Searches that found nothing: counted in their store, read over several through the gate, never in public."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenants.context import in_store
from tenants.errors import NotFound
from tenants.models import Store
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.test_public_tables import holding
from tickets.actions import miss_search as missing
from tickets.actions.miss_search import ignore_missed, miss_search, plain, write_from_missed
from tickets.models import MissedSearch
from tickets.queries.missed import missed_searches, missed_words


def missed(store: Store, words: str, language: str = "zh-hans", *, by_buyer: bool = False, hours: int = 0) -> None:
    with in_store(store):
        miss_search(words, language=language, by_buyer=by_buyer, now=NOON + timedelta(hours=hours))


def test_the_same_words_are_counted_once_a_language(cast: Cast) -> None:
    missed(cast.a, "  电子  发票 ")
    missed(cast.a, "电子 发票", by_buyer=True, hours=2)
    missed(cast.a, "电子 发票", "en")
    with in_store(cast.a):
        row = MissedSearch.objects.get(language="zh")
        assert (row.words, row.times, row.by_buyers, row.first_at) == ("电子 发票", 2, 1, NOON)
        assert row.last_at == NOON + timedelta(hours=2)
        assert MissedSearch.objects.count() == 2


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("", ""),
        ("a", ""),
        ("码", "码"),
        ("!?…", ""),
        ("INVOICE\x00 \ud800 now", "invoice now"),
        ("%_\\'; DROP", "%_\\'; drop"),
        ("x" * 500, "x" * 100),
    ],
)
def test_what_is_kept_of_words(words: str, kept: str) -> None:
    assert plain(words) == kept


def test_who_types_nonsense_all_night_fills_no_disk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "MOST_KEPT", 2)
    for number in range(5):
        missed(cast.a, f"nonsense {number}")
    missed(cast.a, "nonsense 0")
    with in_store(cast.a):
        assert MissedSearch.objects.count() == 2
        assert MissedSearch.objects.get(words="nonsense 0").times == 2


def test_an_agency_reads_them_over_its_stores(cast: Cast) -> None:
    missed(cast.a, "发票")
    missed(cast.b, "发票", by_buyer=True)
    missed(cast.b, "invoice", "en")
    missed(cast.c, "南方")
    lines = missed_searches(cast.caller(cast.ann))
    assert [(line.words, line.times, line.by_buyers, len(line.stores)) for line in lines] == [
        ("发票", 2, 1, 2),
        ("invoice", 1, 0, 1),
    ]
    assert missed_words(cast.caller(cast.ann), lines[0].keys) == ("发票", "zh")
    assert [line.words for line in missed_searches(cast.caller(cast.bo))] == ["发票"]  # of A alone
    assert [line.words for line in missed_searches(cast.caller(cast.cy, SOUTH_HOST))] == ["南方"]
    assert missed_searches(cast.caller(cast.di, "store-a.localhost")) == []
    with pytest.raises(NotFound):
        missed_words(cast.caller(cast.cy, SOUTH_HOST), lines[0].keys)
    for key in ("store-a", "store-a:x", "store-a:99999", ":", "store-a:1e3"):
        with pytest.raises(NotFound):
            missed_words(cast.caller(cast.ann), [key])


def test_what_is_done_with_is_off_the_list(cast: Cast) -> None:
    for words in ("one one", "two two", "three three"):
        missed(cast.a, words, "en")
    with in_store(cast.a):
        pks = {row.words: row.pk for row in MissedSearch.objects.all()}
        assert ignore_missed(pks["one one"])
        assert not ignore_missed(pks["one one"])
        write_from_missed(pks["two two"], item_id=7)
    assert [line.words for line in missed_searches(cast.caller(cast.ann))] == ["three three"]


def test_nothing_of_it_is_in_public(cast: Cast) -> None:
    missed(cast.a, "CANARY-MISSED", by_buyer=True)
    assert holding("canary-missed") == []
    assert holding("CANARY-MISSED") == []
