"""Run by `benchmarks.fleet` in a process of its own: measures, tells how far it is, and prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import os

import django

django.setup()

from benchmarks._agency import make_agency  # noqa: E402
from benchmarks.of_fleet import fence, reading  # noqa: E402
from benchmarks.of_fleet.figures import Figures  # noqa: E402
from benchmarks.of_fleet.migrating import Migrating  # noqa: E402
from benchmarks.of_fleet.opening import GROWTH, Opening  # noqa: E402
from benchmarks.of_fleet.peer import Peer, peer  # noqa: E402
from tenants.context import as_operator  # noqa: E402

AGAINST = (
    "django-tenants with its own backend, as the owner, in a process of its own in the same run and database:"
    " create_schema (CREATE SCHEMA and migrate_schemas), and migrate_schemas' executors over {subset} schemas of its"
    " own each, scaled per store to {stores}; without start-up, output and system checks. Ratios noop and alter are"
    " against the faster of its executors (one process, two processes)."
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stores", type=int)
    parser.add_argument("subset", type=int)
    parser.add_argument("rounds", type=int)
    asked = parser.parse_args()
    with peer() as theirs, as_operator():
        print(json.dumps(measure(theirs, stores=asked.stores, subset=asked.subset, rounds=asked.rounds)), flush=True)


def measure(theirs: Peer, *, stores: int, subset: int, rounds: int) -> dict[str, object]:
    figures, ratios = Figures(), Figures()
    figures["stores"], figures["cores"] = stores, os.cpu_count()
    agency, token = make_agency()
    opening, migrating = Opening(agency, theirs), Migrating(theirs)
    reading.catalogue(figures, "catalogue_without_stores")
    if stores > GROWTH:
        opening.grow(GROWTH, subset)
        tell("growth: no-op and alter at the first stores")
        migrating.noop_growth(figures)
        migrating.alter_growth(figures, GROWTH)
        reading.catalogue(figures, "growth_catalogue_first")
    opening.grow(stores, 2 * subset)
    opening.report(figures, ratios)
    migrating.noop(figures, ratios, stores, rounds)
    migrating.alter(figures, ratios, stores, rounds)
    tell("verify, catalogue")
    reading.verify(figures, opening.stores)
    reading.catalogue(figures, "catalogue")
    tell("memory of a backend, first queries")
    reading.memory(figures, opening.stores)
    reading.first_queries(figures, opening.stores)
    tell("fence: queries, entries, a request, row security")
    fence.fill(opening.stores)
    fence.queries(figures, opening.stores[0])
    fence.entries(figures, opening.stores)
    fence.request(figures, opening.stores[0], token)
    fence.row_security(figures, opening.stores)
    against = AGAINST.format(subset=subset, stores=stores)
    return {"name": "fleet", "against": against, "figures": figures, "ratios": ratios}


def tell(what: str) -> None:
    print(what, flush=True)


if __name__ == "__main__":
    main()
