"""Run by `benchmarks.clocks` in a process of its own: what it costs to say who gets what of a great burst.

Ten thousand chats ring in a thousand stores; two hundred agents, each given fifty of the stores, are at their desks,
with skills, shifts, capacity for all of them together, and ten rules. A round reads what waits and who is there, and
distributes. Prints one line of JSON.
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
from tenants.models import Agency, Assignment, Membership, Store, User  # noqa: E402
from tickets.clocks.routing import Routed, route  # noqa: E402
from tickets.desk.models import Presence  # noqa: E402
from tickets.roster.models import Capacity, Shift, Skill  # noqa: E402
from tickets.routing.models import Rule  # noqa: E402
from tickets.routing.queries.plans import giving_of  # noqa: E402
from tickets.routing.queries.team import teams_of  # noqa: E402
from tickets.routing.queries.waiting import nobodys  # noqa: E402

WAITING, AGENTS, STORES, OF_EACH, AT_ONCE = 10_000, 200, 1_000, 50, 50
CATEGORIES = ("logistics", "quality", "size", "refund")

_FILL = """
INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,
                             waiting_since, due_at, last_message_at, next_at, language)
SELECT (%(stores)s::bigint[])[1 + n %% cardinality(%(stores)s::bigint[])], n, 'waiting', 3, 'widget',
       (%(categories)s::text[])[1 + n %% 4], 3, 'first', now() - interval '1 s' * (20 + n %% 600),
       now() + interval '1 s' * (n %% 900), now(), now() + interval '1 day',
       CASE WHEN n %% 3 = 0 THEN '' WHEN n %% 3 = 1 THEN 'zh' ELSE 'en' END
FROM generate_series(1, %(waiting)s) n
"""


def main() -> None:
    rounds = int(sys.argv[1])
    with as_operator():
        agency = filled()
        took: list[tuple[float, float]] = []
        routed, statements = Routed(), 0
        for index in range(rounds + 1):
            now = _now()
            connection.force_debug_cursor, before = index == 0, len(connection.queries_log)
            routed, *times = a_round(agency.pk, now)
            statements = len(connection.queries_log) - before if index == 0 else statements
            connection.force_debug_cursor = False
            took.append((times[0], times[1]))
            print(f"round {index}: {times[0]:.3f} s read, {times[1]:.3f} s routed", file=sys.stderr, flush=True)
    took = took[1:]  # the first warms up
    figures = {"route_s": round(statistics.median(sum(one) for one in took), 3), "statements_a_round": statements}
    beside = {
        "waiting": WAITING,
        "agents": AGENTS,
        "stores": STORES,
        "reading_s": round(statistics.median(one[0] for one in took), 3),
        "engine_s": round(statistics.median(one[1] for one in took), 3),
        "given": len(routed.given),
        "left": len(routed.left),
    }
    print(json.dumps({"figures": figures, "beside": beside}), flush=True)


def a_round(agency: int, now: datetime) -> tuple[Routed, float, float]:
    """Who gets what, and the seconds to read and to distribute."""
    began = time.perf_counter()
    found = nobodys(now)
    givings = giving_of({one.agency for one in found})
    team = teams_of(found, givings, now)[agency]
    read, giving = time.perf_counter(), givings[agency]
    routed = route([one.ticket for one in found], team.people, giving.rules, team.places, usual=giving.usual, now=now)
    return routed, read - began, time.perf_counter() - read


def filled() -> Agency:
    agency, at = Agency.objects.create(slug="bench-route", name="Bench"), _now()
    rows = [
        Store(
            agency=agency,
            slug=f"route-{n}",
            schema_name=f"s_bench_route_{n}",
            name=str(n),
            marketplace="tmall" if n % 2 else "web",
            state="open",
            state_since=at,
        )
        for n in range(STORES)
    ]
    stores = [store.pk for store in Store.objects.bulk_create(rows)]
    people = User.objects.bulk_create(User(email=f"route-{n}@example.com", name=str(n)) for n in range(AGENTS))
    Membership.objects.bulk_create(Membership(user=one, agency=agency, role="agent") for one in people)
    for n, one in enumerate(people):
        mine = {stores[(n + index * 20) % STORES] for index in range(OF_EACH)}
        Assignment.objects.bulk_create(Assignment(user=one, store_id=store, role="agent") for store in mine)
        says = {"agency": agency, "person": one}
        if n % 2:
            Skill.objects.bulk_create(Skill(**says, kind="language", value=value) for value in ("zh", "en"))
        if n % 5 == 0:
            Skill.objects.bulk_create(Skill(**says, kind="category", value=value) for value in CATEGORIES[:3])
        Capacity.objects.create(**says, channel="widget", most=AT_ONCE)
        Shift.objects.create(**says, begins_at=at, ends_at=at.replace(year=at.year + 1), time_zone="UTC")
        Presence.objects.create(**says, seen_at=at.replace(year=at.year + 1))
    for n in range(10):
        where = {"stores": stores[n * 10 : n * 10 + 10], "categories": [CATEGORIES[n % 4]]}
        pool = [one.pk for one in people[::2]] if n % 2 else []
        Rule.objects.create(agency=agency, name=str(n), order=n, pool=pool, demands=["language"], **where)
    with owner_connection() as owner:
        owner.execute(_FILL, {"stores": stores, "waiting": WAITING, "categories": list(CATEGORIES)})
    with owner_connection() as owner:
        owner.execute("VACUUM ANALYZE desk_queueentry")
    return agency


def _now() -> datetime:
    ((now,),) = ask("SELECT now()")
    stamp: datetime = now
    return stamp


if __name__ == "__main__":
    main()
