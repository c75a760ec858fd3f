"""index_items: what the search finds of an item is written by the verbs that change it, in their transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import override

from knowledge.categories import Category
from knowledge.content import read
from knowledge.models import Item, Publication, SearchEntry, SearchWord, Version
from knowledge.search.lexemes import KEYS, TEXT, TITLE, Vector, english_words, sound_of
from knowledge.search.texts import Searched, searched
from knowledge.search.words import plain

AT_ONCE: Final = 500  # entries written by one statement
_WORDS_OF = 64


@dataclass(frozen=True)
class _Wanted:
    """An entry that there should be."""

    item: Item
    content: Mapping[str, Any]
    version_id: int | None = None
    store_id: int | None = None


def index_items(items: Sequence[Item]) -> None:
    """Writes the entries of these items anew: the latest version, those that stores run, their overrides, the draft of
    what has no version yet. Six queries, and one more for each AT_ONCE entries.
    """
    if items:
        SearchEntry.objects.filter(item__in=items).delete()
        _write(_wanted(items))


def index_versions(items: Sequence[Item], *, keep_others: bool = False) -> None:
    """Adds what is missing after publishing, and takes away the versions that nobody runs any more. Four queries where
    nothing is missing. `keep_others`: takes nothing away, for who does not see what other stores run.
    """
    wanted = {(want.item.pk, want.version_id, want.store_id): want for want in _wanted(items)}
    there = {
        (item, version, store): pk
        for pk, item, version, store in SearchEntry.objects.filter(item__in=items).values_list(
            "pk", "item_id", "version_id", "store_id"
        )
    }
    stale = [pk for key, pk in there.items() if key not in wanted]
    if stale and not keep_others:
        SearchEntry.objects.filter(pk__in=stale).delete()
    _write([want for key, want in wanted.items() if key not in there])


def index_override(publication: Publication) -> None:
    """Writes or removes what a store's own text is found by."""
    SearchEntry.objects.filter(item=publication.item_id, store=publication.store_id).delete()
    if publication.override is not None:
        _write([_Wanted(publication.item, publication.override, store_id=publication.store_id)])


def _wanted(items: Sequence[Item]) -> list[_Wanted]:
    """Two queries."""
    by_pk = {item.pk: item for item in items}
    run = Publication.objects.filter(item__in=items)
    versions = {item.latest_id for item in items if item.latest_id} | set(
        run.filter(override__isnull=True).values_list("version_id", flat=True).distinct()
    )
    found = [
        _Wanted(by_pk[item_id], content, version_id=pk)
        for pk, item_id, content in Version.objects.filter(pk__in=versions).values_list("pk", "item_id", "content")
    ]
    found += [
        _Wanted(by_pk[item_id], own or {}, store_id=store_id)
        for item_id, store_id, own in run.filter(override__isnull=False).values_list("item_id", "store_id", "override")
    ]
    return found + [_Wanted(item, item.draft) for item in items if item.latest_id is None and item.draft is not None]


def _write(wanted: Sequence[_Wanted]) -> None:
    for at in range(0, len(wanted), AT_ONCE):
        _write_some(wanted[at : at + AT_ONCE])


def _write_some(wanted: Sequence[_Wanted]) -> None:
    texts = [searched(read(want.item.kind, want.content)) for want in wanted]
    stems = _stems(english_words(_english(wanted, texts)))
    entries, known = [], dict[int, set[str]]()
    for want, text in zip(wanted, texts, strict=True):
        entry, words = _entry(want, text, stems)
        entries.append(entry)
        known.setdefault(want.item.agency_id, set()).update(words)
    SearchEntry.objects.bulk_create(entries, ignore_conflicts=True)
    for agency_id, words in known.items():
        _learn(agency_id, words)


def _entry(want: _Wanted, text: Searched, stems: Mapping[str, str]) -> tuple[SearchEntry, set[str]]:
    title, whole = Vector(), Vector()
    for words in (text.title.zh, text.title.en):
        title.add(words, TITLE, stems)
        whole.add(words, TITLE, stems)
    whole.add(_keys(want.item, text), KEYS, stems)
    for words in (text.text.zh, text.text.en):
        whole.add(words, TEXT, stems)
    entry = SearchEntry(
        agency_id=want.item.agency_id,
        item=want.item,
        version_id=want.version_id,
        store_id=want.store_id,
        title_zh=text.title.zh,
        title_en=text.title.en,
        text_zh=text.text.zh,
        text_en=text.text.en,
        names=plain(f"{text.title.zh} {text.title.en} {text.names}").strip(),
        title_words=title.write(),
        words=whole.write(),
    )
    return entry, whole.words


def _keys(item: Item, text: Searched) -> str:
    """Folder, shortcut, and what its categories are called in both languages."""
    called = [str(Category(category).label) for category in item.categories]
    with override("zh-hans"):
        called += [str(Category(category).label) for category in item.categories]
    return " ".join([item.folder.replace("/", " "), text.names, *called])


def _english(wanted: Sequence[_Wanted], texts: Sequence[Searched]) -> Iterable[str]:
    for want, text in zip(wanted, texts, strict=True):
        yield from (text.title.zh, text.title.en, text.text.zh, text.text.en, _keys(want.item, text))


def _stems(words: set[str]) -> dict[str, str]:
    """As PostgreSQL stems them; words that say nothing (`the`) are "". One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, coalesce((ts_lexize('english_stem', word))[1], '') FROM unnest(%s::text[]) word",
            [sorted(words)],
        )
        return dict(cursor.fetchall())


def _learn(agency_id: int, words: set[str]) -> None:
    """New words of the agency. In order, so that two who learn the same ones wait and don't lock each other out."""
    kept = sorted(word for word in words if 1 < len(word) <= _WORDS_OF)
    known = set(SearchWord.objects.filter(agency=agency_id, word__in=kept).values_list("word", flat=True))
    new = [SearchWord(agency_id=agency_id, word=word, sound=sound_of(word)) for word in kept if word not in known]
    SearchWord.objects.bulk_create(new, ignore_conflicts=True, batch_size=2_000)


def reindex(agency_id: int, *, after: int = 0) -> int:
    """Writes the entries of the agency's next AT_ONCE items by their number, anew. The last one's number; 0: done."""
    with transaction.atomic():
        locked = Item.objects.select_for_update(no_key=True)
        items = list(locked.filter(agency=agency_id, pk__gt=after).order_by("pk")[:AT_ONCE])
        index_items(items)
    return items[-1].pk if items else 0
