"""Run by `benchmarks.clocks` in a process of its own: what a tick costs over a million open timers.

The same million tickets first in ten stores, then in a thousand, then with rules in business hours. A round: a thousand
of them, in as many stores as there are, come due, and one tick claims them, reckons what happens to each and writes it.
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

from django.db import connection  # noqa: E402

from tenants.context import as_operator, ask  # noqa: E402
from tenants.fleet.owner import owner_connection  # noqa: E402
from tenants.models import Agency, Store  # noqa: E402
from tickets.timers.actions.tick import tick  # noqa: E402
from tickets.timers.models import Rule  # noqa: E402

DUE = 1000
FEW, MANY = 10, 1000

# Every second ticket waits for us, by a clock of one hour to a day; the others wait for the buyer.
_FILL = """
INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,
                             waiting_since, due_at, last_message_at, next_at)
SELECT (%(stores)s::bigint[])[1 + n %% cardinality(%(stores)s::bigint[])], n,
       CASE WHEN n %% 2 = 0 THEN 'waiting' ELSE 'answered' END, 3, 'email', '', 3,
       CASE WHEN n %% 2 = 0 THEN 'first' ELSE '' END,
       CASE WHEN n %% 2 = 0 THEN now() END, CASE WHEN n %% 2 = 0 THEN now() + interval '1 h' * (1 + n %% 23) END, now(),
       now() + interval '30 min' + interval '1 s' * (n %% 86400)
FROM generate_series(1, %(open)s) n
"""
_COME_DUE = """
UPDATE desk_queueentry SET next_at = now() - interval '1 s', told = '{}', breached_at = NULL,
  due_at = CASE WHEN clock = '' THEN NULL ELSE now() + interval '20 min' END,
  waiting_since = CASE WHEN clock = '' THEN NULL ELSE now() - interval '40 min' END,
  last_message_at = now() - interval '25 h'
WHERE ticket_number %% %(step)s = %(round)s
"""
_OPEN_ON_WEEKDAYS = """
INSERT INTO policies_storeterms (store_id, from_date, week, market, bot_is_on, made_at)
SELECT id, '2020-01-01', to_jsonb(array_fill('09:00-18:00'::text, ARRAY[5]) || ARRAY['', '']), '', false, now()
FROM tenants_store
"""


def main() -> None:
    count, rounds = map(int, sys.argv[1:3])
    with as_operator():
        filled(FEW, count)
        few = measure(FEW, count, rounds)
        filled(MANY, count)
        many = measure(MANY, count, rounds)
        count_business_hours()
        in_hours = measure(MANY, count, rounds)
    figures = {
        "tick_ms": many["tick_ms"],
        "tick_ms_p95": many["tick_ms_p95"],
        "idle_tick_ms": many["idle_tick_ms"],
        "tick_growth_10_to_1000_stores": round(many["tick_ms"] / few["tick_ms"], 2),
        "tick_in_business_hours_ms": in_hours["tick_ms"],
        "statements_a_tick": many["statements"],
    }
    beside = {"tick_ms_at_10_stores": few["tick_ms"], "open_timers": count, "due": DUE, "fired": many["fired"]}
    print(json.dumps({"figures": figures, "beside": beside}), flush=True)


def measure(stores: int, count: int, rounds: int) -> dict[str, float]:
    took, idle, fired, statements = [], [], 0, 0
    for index in range(rounds + 1):
        with owner_connection() as owner:
            owner.execute("DELETE FROM timers_fired")
            owner.execute(_COME_DUE, {"step": count // DUE, "round": index})
        now = _now()
        connection.force_debug_cursor, before = index == 0, len(connection.queries_log)
        began = time.perf_counter()
        tick(now)
        took.append((time.perf_counter() - began) * 1000)
        statements = len(connection.queries_log) - before if index == 0 else statements
        connection.force_debug_cursor = False
        ((fired,),) = ask("SELECT count(*) FROM timers_fired")
        began = time.perf_counter()
        tick(now)
        idle.append((time.perf_counter() - began) * 1000)
        print(f"{stores} stores, round {index}: {took[-1]:.0f} ms, {fired} fired", file=sys.stderr, flush=True)
    took, idle = took[1:], idle[1:]  # the first warms up
    return {
        "tick_ms": round(statistics.median(took), 1),
        "tick_ms_p95": round(sorted(took)[round(0.95 * (len(took) - 1))], 1),
        "idle_tick_ms": round(statistics.median(idle), 2),
        "fired": fired,
        "statements": statements,
    }


def filled(stores: int, count: int) -> None:
    """An agency with so many stores, without schemas, which a tick never enters; three rules; the open tickets."""
    with owner_connection() as owner:
        owner.execute("TRUNCATE desk_queueentry, timers_fired")
    agency = Agency.objects.create(slug=f"bench-{stores}", name="Bench")
    at = _now()
    rows = [
        Store(
            agency=agency,
            slug=f"b{stores}-{n}",
            schema_name=f"s_bench_{stores}_{n}",
            name=str(n),
            state="open",
            state_since=at,
        )
        for n in range(stores)
    ]
    made = [store.pk for store in Store.objects.bulk_create(rows)]
    for n, (does, hours) in enumerate((("nudge", 24), ("priority", 36), ("close", 72))):
        urgent = 1 if does == "priority" else None
        Rule.objects.create(agency=agency, name=str(n), does=does, wait_s=hours * 3600, priority=urgent, text_en="?")
    with owner_connection() as owner:
        owner.execute(_FILL, {"stores": made, "open": count})
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE desk_queueentry")


def count_business_hours() -> None:
    """All rules count them, and all stores are open on weekdays from nine to six."""
    with owner_connection() as owner:
        owner.execute("UPDATE timers_rule SET in_hours = true")
        owner.execute(_OPEN_ON_WEEKDAYS)


def _now() -> datetime:
    ((now,),) = ask("SELECT now()")
    stamp: datetime = now
    return stamp


if __name__ == "__main__":
    main()
