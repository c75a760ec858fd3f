"""Run by `benchmarks.clocks` in a process of its own: what scores cost, from scratch and per event.

Stores × 30 days of conversations (opened, asked, acknowledged, answered, asked, answered) are scored from scratch;
then, in a second as in a busy hour, one more thing happens to a ticket in each of 100 stores, and one tick follows.
Prints one line of JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import datetime

import django

django.setup()

from tenants.context import as_operator, ask  # noqa: E402
from tenants.fleet.owner import owner_connection  # noqa: E402
from tenants.models import Agency, Store  # noqa: E402
from tickets.score.actions.follow import follow, rescore  # noqa: E402

DAYS, A_DAY, BUSY = 30, 5, 100

_FILL = """
INSERT INTO score_happening (store_id, ticket_number, channel, kind, at, recorded_at, is_bare)
SELECT store, n, 'tmall', kind, at, at, is_bare
FROM unnest(%(stores)s::bigint[]) AS store, generate_series(1, %(tickets)s) n,
  (VALUES ('opened', 0, false), ('buyer', 0, false), ('bot', 1, true), ('human', 60, false), ('buyer', 400, false),
          ('human', 500, false)) AS seen (kind, after, is_bare),
  LATERAL (SELECT now() - interval '1 day' * (n %% %(days)s) - interval '2 h'
             + interval '1 s' * (seen.after * (1 + n %% 5))) AS t (at)
"""
_MORE = """
WITH one AS (INSERT INTO score_happening (store_id, ticket_number, channel, kind, at, recorded_at, is_bare)
  SELECT store, %(ticket)s, 'tmall', 'buyer', %(at)s, %(at)s, false FROM unnest(%(stores)s::bigint[]) AS store)
INSERT INTO score_stirred (store_id, ticket_number) SELECT store, %(ticket)s FROM unnest(%(stores)s::bigint[]) AS store
"""


def main() -> None:
    count, rounds = map(int, sys.argv[1:3])
    with as_operator():
        stores = filled(count)
        began = time.perf_counter()
        for store in stores:
            rescore(store.pk, now=_now())
        scratch = time.perf_counter() - began
        took = [happened(stores[:BUSY], index + 1) for index in range(rounds + 1)][1:]  # the first warms up
    events = min(BUSY, count)
    figures = {"score_event_ms": round(statistics.median(took) / events, 3), "score_scratch_s": round(scratch, 1)}
    beside = {"stores": count, "days": DAYS, "tickets": count * DAYS * A_DAY, "events_a_second": events}
    print(json.dumps({"figures": figures, "beside": beside}), flush=True)


def filled(count: int) -> list[Store]:
    agency, at = Agency.objects.create(slug="bench-score", name="Bench"), _now()
    rows = [
        Store(
            agency=agency,
            slug=f"score-{n}",
            schema_name=f"s_bench_score_{n}",
            name=str(n),
            marketplace="tmall",
            time_zone="Asia/Shanghai",
            state="open",
            state_since=at,
        )
        for n in range(count)
    ]
    made = list(Store.objects.bulk_create(rows))
    with owner_connection() as owner:
        owner.execute(_FILL, {"stores": [store.pk for store in made], "tickets": DAYS * A_DAY, "days": DAYS})
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE score_happening")
    return made


def happened(stores: list[Store], ticket: int) -> float:
    """Milliseconds to score one thing in each of these stores."""
    at = _now()
    with owner_connection() as owner:
        owner.execute(_MORE, {"stores": [store.pk for store in stores], "ticket": ticket, "at": at})
    began = time.perf_counter()
    follow(at)
    return (time.perf_counter() - began) * 1000


def _now() -> datetime:
    ((now,),) = ask("SELECT now()")
    stamp: datetime = now
    return stamp


if __name__ == "__main__":
    main()
