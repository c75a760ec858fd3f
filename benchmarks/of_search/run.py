"""Run by `benchmarks.search` in a process of its own: fills a library, asks, and prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks._agency import make_agency  # noqa: E402
from benchmarks.of_fleet.figures import Figures  # noqa: E402
from benchmarks.of_search.library import Made, articles  # noqa: E402
from benchmarks.of_search.questions import Question, questions  # noqa: E402
from knowledge.actions.index_items import reindex  # noqa: E402
from knowledge.models import Item, Publication, Version  # noqa: E402
from knowledge.search import search_library, search_store  # noqa: E402
from tenants.access import Action, Caller, store_for  # noqa: E402
from tenants.actions.open_store import open_store  # noqa: E402
from tenants.context import as_operator, at  # noqa: E402
from tenants.fleet.owner import owner_connection  # noqa: E402
from tenants.hosts import Place, place_of  # noqa: E402
from tenants.models import Agency, User  # noqa: E402

TOP = 10
IN_STORE = 2_000
Search = Callable[[str], Sequence[int]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", type=int)
    parser.add_argument("rounds", type=int)
    asked = parser.parse_args()
    with as_operator():
        figures, ratios = measure(asked.articles, asked.rounds)
    print(json.dumps({"name": "search", "figures": figures, "ratios": ratios}), flush=True)


def measure(count: int, rounds: int) -> tuple[Figures, Figures]:
    figures = Figures()
    agency, _secret = make_agency()
    made = list(articles(count))
    pks = fill(agency, made, figures)
    return ask(agency, made, pks, figures, rounds)


def ask(
    agency: Agency, made: Sequence[Made], pks: dict[int, int], figures: Figures, rounds: int
) -> tuple[Figures, Figures]:
    ratios = Figures()
    asked = questions(made)
    lead = User.objects.get(email="lead@example.com")
    place = place_of("north.localhost")
    assert isinstance(place, Place)
    caller = Caller(lead, place)
    ours: Search = lambda words: [found.item_id for found in search_library(caller, words, limit=TOP)]  # noqa: E731
    kinds: dict[str, Search] = {"library": ours, "ilike": _ilike, "simple": _simple}
    times: dict[str, list[float]] = defaultdict(list)
    recall: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(rounds + 1):
        for question in asked:
            for kind, search in kinds.items():
                if kind == "ilike" and turn > 1:
                    continue  # it reads every row each time: once is enough
                with at(place) if kind == "library" else _nothing():
                    connection.cursor().execute("SELECT 1")  # a request has asked something before
                    began = time.perf_counter()
                    found = list(search(question.words))
                    took = time.perf_counter() - began
                if turn:
                    times[kind].append(took)
                else:
                    recall[kind][question.kind].append(_recall(question, found, pks))
        print(f"round {turn} of {rounds}", flush=True)
    for kind, waits in times.items():
        figures.put_waits(kind, waits)
    every = {kind: [one for of in by.values() for one in of] for kind, by in recall.items()}
    mean = {kind: sum(ones) / len(ones) for kind, ones in every.items()}
    figures |= {
        "articles": len(made),
        "questions": len(asked),
        "cores": os.cpu_count(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "p95_ms": figures["library_p95_ms"],
        "p50_ms": figures["library_p50_ms"],
        "recall_at_10": round(mean["library"], 4),
        "recall_ilike": round(mean["ilike"], 4),
        "recall_simple": round(mean["simple"], 4),
        "recall_by_kind": {
            kind: {of: round(sum(recall[kind][of]) / len(recall[kind][of]), 3) for of in recall[kind]} for kind in kinds
        },
    }
    _of_a_store(agency, caller, asked, figures, pks)
    ratios["recall_vs_ilike"] = round(mean["library"] / mean["ilike"], 3)
    ratios["recall_vs_simple"] = round(mean["library"] / mean["simple"], 3)
    ratios["time_vs_ilike"] = round(figures["library_p50_ms"] / figures["ilike_p50_ms"], 4)
    ratios["time_vs_simple"] = round(figures["library_p50_ms"] / figures["simple_p50_ms"], 4)
    return figures, ratios


def fill(agency: Agency, made: Sequence[Made], figures: Figures) -> dict[int, int]:
    """Items with one version each, indexed by the product's own verb; and the peers' own table. {number: item}."""
    now = timezone.now()
    items = [
        Item(
            agency=agency,
            kind="article",
            title_zh=one.content["title"]["zh"],
            title_en=one.content["title"]["en"],
            created_at=now,
            changed_at=now,
        )
        for one in made
    ]
    Item.objects.bulk_create(items, batch_size=5_000)
    versions = [
        Version(agency=agency, item=item, number=1, content=one.content, made_at=now)
        for item, one in zip(items, made, strict=True)
    ]
    Version.objects.bulk_create(versions, batch_size=5_000)
    with owner_connection() as owner:
        owner.execute("UPDATE knowledge_item i SET latest_id = v.id FROM knowledge_version v WHERE v.item_id = i.id")
        owner.execute("VACUUM ANALYZE knowledge_item, knowledge_version")
    began, after = time.perf_counter(), 0
    while after := reindex(agency.pk, after=after):
        print(f"indexed up to {after}", flush=True)
    figures["indexed_per_second"] = round(len(made) / (time.perf_counter() - began), 1)
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE knowledge_searchentry, knowledge_searchword")
        owner.execute(
            "CREATE TABLE peer AS SELECT item_id AS id, concat_ws(' ', title_zh, title_en) AS title,"
            " concat_ws(' ', text_zh, text_en) AS body, setweight(to_tsvector('simple', concat_ws(' ', title_zh,"
            " title_en)), 'A') || to_tsvector('simple', concat_ws(' ', text_zh, text_en)) AS words"
            " FROM knowledge_searchentry"
        )
        owner.execute("CREATE INDEX ON peer USING gin (words)")
        owner.execute("GRANT SELECT ON peer TO PUBLIC")
        owner.execute("ANALYZE peer")
        for name in ("knowledge_searchentry", "knowledge_searchword", "peer"):
            row = owner.execute(f"SELECT pg_total_relation_size('{name}')").fetchone()
            figures[f"{name}_mb"] = round((row[0] if row else 0) / 1e6, 1)
    return {one.number: item.pk for one, item in zip(made, items, strict=True)}


def _recall(question: Question, found: Sequence[int], pks: dict[int, int]) -> float:
    """Of the relevant ones that fit into the first ten, how many are there."""
    relevant = {pks[number] for number in question.relevant}
    return len(relevant & set(found[:TOP])) / min(TOP, len(relevant))


def _ilike(words: str) -> list[int]:
    """Every word of the question somewhere, as lists are commonly filtered; titles first."""
    parts = ["%" + re.sub(r"([\\%_])", r"\\\1", part) + "%" for part in words.split()]
    every = " AND ".join("(title ILIKE %s OR body ILIKE %s)" for _ in parts)
    params = [part for part in parts for _ in range(2)]
    query = f"SELECT id FROM peer WHERE {every} ORDER BY title ILIKE %s DESC, id LIMIT {TOP}"
    return _ids(query, [*params, parts[0]])


def _simple(words: str) -> list[int]:
    query = (
        "SELECT id FROM peer, websearch_to_tsquery('simple', %s) q WHERE words @@ q"
        f" ORDER BY ts_rank_cd(words, q) DESC, id LIMIT {TOP}"
    )
    return _ids(query, [words])


def _ids(query: str, params: Sequence[str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [pk for (pk,) in cursor.fetchall()]


def _of_a_store(
    agency: Agency, caller: Caller, asked: Sequence[Question], figures: Figures, pks: dict[int, int]
) -> None:
    """The same search in a store that runs IN_STORE of the articles."""
    now = timezone.now()
    store = open_store(agency, slug="one", name="One", marketplace="tmall", time_zone="UTC", now=now)
    items = list(pks.values())[:: max(1, len(pks) // IN_STORE)]
    rows = Version.objects.filter(item__in=items)
    Publication.objects.bulk_create(
        [Publication(store=store, item_id=row.item_id, version=row, published_at=now) for row in rows]
    )
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE knowledge_publication")
    waits, held = [], set(items)
    with at(caller.place):
        there = store_for(caller, "one", Action.VIEW)
        for turn in range(2):
            for question in asked:
                began = time.perf_counter()
                found = search_store(caller, there, question.words, limit=TOP)
                if turn:
                    waits.append(time.perf_counter() - began)
                assert {one.item_id for one in found} <= held
    figures.put_waits("store", waits)


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


if __name__ == "__main__":
    main()
