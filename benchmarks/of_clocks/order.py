"""Run by `benchmarks.clocks` in a process of its own: what a page of the desk costs in its order by headroom.

A lead's desk: open tickets over all stores of an agency, two policies scored in each. In turn, from the agency's place
and behind its fence: what the page asked when it was ordered by due time alone (stores, counts, entries), and what it
asks now (also what each store has left); the first page, and one further down. The texts of the rows, read from the
stores themselves, are the same in both and left out. Prints one line of JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

django.setup()

from django.db.models import Count, F, Q  # noqa: E402

from tenants.access import Caller, stores_for  # noqa: E402
from tenants.context import as_operator, ask, at  # noqa: E402
from tenants.fleet.owner import owner_connection  # noqa: E402
from tenants.hosts import Place, place_of  # noqa: E402
from tenants.models import Agency, Domain, Membership, Store, User  # noqa: E402
from tenants.models.people import Role, without_secrets  # noqa: E402
from tickets.desk.models import QueueEntry  # noqa: E402
from tickets.queries import queue  # noqa: E402
from tickets.queries.queue import Filters  # noqa: E402
from tickets.score.models import StoreScore  # noqa: E402
from tickets.score.queries.scores import tightest_of  # noqa: E402

HOST = "bench-order.localhost"
SIZE = queue.QUEUE_PAGE
_FILL = """
INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,
                             waiting_since, due_at, last_message_at)
SELECT (%(stores)s::bigint[])[1 + n %% cardinality(%(stores)s::bigint[])], n, 'waiting', 3, 'email', '', 3,
       CASE WHEN n %% 4 > 0 THEN 'first' ELSE '' END, CASE WHEN n %% 4 > 0 THEN now() - interval '1 h' END,
       CASE WHEN n %% 4 > 0 THEN now() + interval '1 s' * (hashint4(n) %% 43200) END,
       now() - interval '1 s' * (n %% 86400)
FROM generate_series(1, %(open)s) n
"""


def main() -> None:
    stores, count, rounds = map(int, sys.argv[1:4])
    with as_operator():
        caller = filled(stores, count)
        ((now,),) = ask("SELECT now()")
    with at(caller.place):
        figures = measure(caller, now, rounds)
    beside = {"stores": stores, "open_tickets": count, "rounds": rounds}
    print(json.dumps({"figures": figures, "beside": beside}), flush=True)


def measure(caller: Caller, now: datetime, rounds: int) -> dict[str, Any]:
    further = further_page(caller, now)
    pages: dict[str, Callable[[], Any]] = {
        "queue_by_time_ms": lambda: before(caller, now),
        "queue_by_headroom_ms": lambda: after(caller, now),
        "queue_further_page_ms": lambda: after(caller, now, further),
    }
    took: dict[str, list[float]] = {name: [] for name in pages}
    for index in range(rounds + 2):
        for name, page in pages.items():
            began = time.perf_counter()
            page()
            if index > 1:  # the first ones warm up
                took[name].append((time.perf_counter() - began) * 1000)
    figures: dict[str, Any] = {name: round(statistics.median(times), 1) for name, times in took.items()}
    ratio = figures["queue_by_headroom_ms"] / figures["queue_by_time_ms"]
    return {**figures, "queue_by_headroom_to_by_time": round(ratio, 2)}


def before(caller: Caller, now: datetime) -> list[QueueEntry]:
    """As the page was asked for before headroom counted."""
    entries = QueueEntry.objects.filter(store_id__in={store.pk: store for store in stores_for(caller)})
    awake = ~Q(snoozed_until__isnull=False, snoozed_until__gt=now)
    entries.aggregate(
        all=Count("pk", filter=awake),
        mine=Count("pk", filter=awake & Q(assignee=caller.person)),
        unassigned=Count("pk", filter=awake & Q(assignee__isnull=True)),
        overdue=Count("pk", filter=awake & Q(due_at__lte=now)),
        snoozed=Count("pk", filter=~awake),
    )
    ordered = entries.filter(awake).order_by(F("due_at").asc(nulls_last=True), "-last_message_at", "pk")
    return list(ordered.select_related("assignee").defer(*without_secrets("assignee"))[: SIZE + 1])


def after(caller: Caller, now: datetime, cursor: str = "") -> Any:
    stores = {store.pk: store for store in stores_for(caller)}
    entries = QueueEntry.objects.filter(store_id__in=stores)
    escalated = queue._escalated(caller, is_lead=True)
    counts = queue._counts(entries, caller, now, escalated)
    tightest = tightest_of(stores)
    return queue._waiting(entries, caller, Filters(cursor=cursor), now, SIZE, counts, tightest, escalated)


def further_page(caller: Caller, now: datetime) -> str:
    cursor = ""
    for _page in range(4):
        cursor = after(caller, now, cursor).next_cursor
    return cursor


def filled(stores: int, count: int) -> Caller:
    """A lead of an agency with so many stores, which have scores but no schemas; the open tickets."""
    agency = Agency.objects.create(slug="bench-order", name="Bench")
    Domain.objects.create(domain=HOST, agency=agency)
    lead = User.objects.create_user("order@example.com", "bench", name="Lead")
    Membership.objects.create(user=lead, agency=agency, role=Role.LEAD)
    ((now,),) = ask("SELECT now()")
    rows = [
        Store(agency=agency, slug=f"o{n}", schema_name=f"s_order_{n}", name=str(n), state="open", state_since=now)
        for n in range(stores)
    ]
    made = [store.pk for store in Store.objects.bulk_create(rows)]
    StoreScore.objects.bulk_create(_scores(made, now))
    with owner_connection() as owner:
        owner.execute("TRUNCATE desk_queueentry")
        owner.execute(_FILL, {"stores": made, "open": count})
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE desk_queueentry, score_storescore, tenants_store")
    place = place_of(HOST)
    assert isinstance(place, Place)
    return Caller(lead, place)


def _scores(stores: list[int], now: datetime) -> list[StoreScore]:
    about: dict[str, Any] = {"day": now.date(), "until": now, "counted": 300, "missed": 9, "excluded": 0}
    return [
        StoreScore(store_id=pk, policy=policy, headroom=(pk * step) % 97, standing="close", **about)
        for pk in stores
        for policy, step in (("tmall_human_3min", 31), ("tmall_mean", 17))
    ]


if __name__ == "__main__":
    main()
