"""What the fence costs: a query inside a store, an entry, a request, and row security in a public table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, cast

import psycopg
from django.db import connections
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from benchmarks.deployment import HOST
from benchmarks.of_fleet.figures import Figures, in_turns, minus, seconds_of
from tenants.context import at, connection, in_store
from tenants.fleet.owner import owner_connection
from tenants.hosts import Place, place_of
from tenants.models import Store
from tenants.postgresql.base import ENTER_STORE, SWITCH
from tickets.actions.receive import receive_message
from tickets.channels import Channel
from tickets.incoming import IncomingMessage
from tickets.models import Ticket

ROUNDS, EACH = 120, 50  # short turns: what else the machine does then falls upon all kinds alike
ENTERED = 10  # stores that are entered in turn
REQUESTS = 200
ENTRIES = 10  # open tickets of each store in the queue
QUERY = "SELECT number, state, priority, last_seq FROM tickets_ticket WHERE number = %s"
PAGE = (
    "SELECT store_id, ticket_number, due_at FROM desk_queueentry WHERE store_id = ANY(%s)"
    " ORDER BY due_at, store_id, ticket_number LIMIT 50"
)
POINT = "SELECT ticket_number, due_at FROM desk_queueentry WHERE store_id = %s AND ticket_number = %s"

Loop = Callable[[int], object]


def fill(stores: Sequence[Store]) -> None:
    """A ticket in those that are entered."""
    for store in stores[:ENTERED]:
        with in_store(store):
            incoming = IncomingMessage(
                channel=Channel.TMALL, external_id="bench-1", customer_id="buyer-1", text="您好", customer_name="小李"
            )
            receive_message(incoming, now=timezone.now())


def queries(figures: Figures, store: Store) -> None:
    """One query by its key in a store: through the fence, django-tenants' backend, Django's own, and bare psycopg."""
    for alias in ("tenants", "plain"):
        _stand_in(alias, store)
    with owner_connection() as bare, in_store(store):
        bare.execute(f'SET search_path = "{store.schema_name}", public')
        raw: dict[str, Loop] = {
            "fence": _raw(connection),
            "tenants": _raw(connections["tenants"]),
            "plain": _raw(connections["plain"]),
            "bare": _bare(bare),
        }
        found = in_turns(raw, rounds=ROUNDS, each=EACH)
        by_orm = in_turns(
            {
                "fence": _orm(lambda: Ticket.objects.get(pk=1)),
                "plain": _orm(lambda: QuerySet(Ticket, using="plain").get(pk=1)),
            },
            rounds=ROUNDS,
            each=EACH,
        )
    figures.put_quartiles("query_us", found["fence"])
    figures.put_quartiles("plain_query_us", found["plain"])
    figures.put_quartiles("peer_query_us", found["tenants"])
    figures.put_quartiles("bare_psycopg_query_us", found["bare"])
    figures.put_quartiles("fence_us_per_query", minus(found["fence"], found["plain"]))
    figures.put_quartiles("peer_us_per_query", minus(found["tenants"], found["plain"]))
    figures.put_quartiles("fence_us_per_orm_query", minus(by_orm["fence"], by_orm["plain"]))
    figures.put_quartiles("plain_orm_query_us", by_orm["plain"])


def entries(figures: Figures, stores: Sequence[Store]) -> None:
    """In, one query, out, the next store; against the same query alone. An entry is two switches: back, and in."""
    some = stores[:ENTERED]
    _stand_in("plain", some[0])
    found = in_turns(
        {"fence": _entering(some), "tenants": _setting(some), "plain": _raw(connections["plain"])},
        rounds=ROUNDS,
        each=EACH // 2,
    )
    figures.put_quartiles("fence_us_per_entry", minus(found["fence"], found["plain"]))
    figures.put_quartiles("peer_us_per_entry", minus(found["tenants"], found["plain"]))


def request(figures: Figures, store: Store, token: str) -> None:
    """GET of one ticket by API, through all of the middleware: its time, and the switches in it.

    The time is without the connection's way back to the pool, where its session is wiped.
    """
    client = Client(headers={"Host": HOST, "Authorization": f"Bearer {token}"})

    def read() -> None:
        answer = client.get(f"/api/v1/stores/{store.slug}/tickets/1/")
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.content[:300]!r}")

    read()
    asked: list[str] = []

    def count(execute: Any, sql: Any, *about: Any) -> Any:
        asked.append(str(sql))
        return execute(sql, *about)

    with cast(Any, connection).execute_wrapper(count):
        read()
    figures.put_quartiles("request_ms", [seconds_of(read) * 1000 for _turn in range(REQUESTS)])
    figures["request_queries"] = len(asked)
    figures["request_switches"] = sum(sql in (SWITCH, ENTER_STORE) for sql in asked)
    figures["fence_us_per_request"] = round(figures["request_switches"] * figures["fence_us_per_entry"] / 2, 1)


def row_security(figures: Figures, stores: Sequence[Store]) -> None:
    """The same query of the queue as the desk (row security), as the operator (a policy that says true), as owner."""
    _fill_queue(stores)
    place = cast(Place, place_of(HOST))
    ids = [store.pk for store in stores]
    with connections["plain"].cursor() as cursor:
        cursor.execute("SET search_path = public")
    for name, query, params in (
        ("rls_us_per_query", PAGE, [ids]),
        ("rls_us_per_point_query", POINT, [ids[0], 1001]),
    ):
        found = in_turns(
            {
                "desk": _at(place, _raw(connection, query, params)),
                "operator": _raw(connection, query, params),
                "owner": _raw(connections["plain"], query, params),
            },
            rounds=ROUNDS // 2,
            each=EACH // 4,
        )
        figures.put_quartiles(name, minus(found["desk"], found["operator"]))
        figures.put_quartiles(name.replace("rls", "operator"), minus(found["operator"], found["owner"]))
        figures.put_quartiles(name.replace("rls", "owner_total"), found["owner"])
    figures["queue_rows"] = len(stores) * ENTRIES


def _fill_queue(stores: Sequence[Store]) -> None:
    with owner_connection() as owner:
        owner.execute(
            "INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,"
            " waiting_since, due_at, last_message_at)"
            " SELECT store, 1000 + number, 'waiting', 3, 'tmall', '', 2, 'first', now(),"
            " now() + (store * 7919 + number * 104729) %% 86400 * interval '1 second', now()"
            " FROM unnest(%s::bigint[]) store, generate_series(1, %s) number",
            [[store.pk for store in stores], ENTRIES],
        )
        owner.execute("ANALYZE desk_queueentry, tenants_store")  # as autovacuum does in time


def _stand_in(alias: str, store: Store) -> None:
    if alias == "tenants":
        cast(Any, connections[alias]).set_schema(store.schema_name)
        return
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SET search_path = "{store.schema_name}", public')


def _raw(through: Any, query: str = QUERY, params: Sequence[Any] = (1,)) -> Loop:
    def loop(count: int) -> None:
        for _query in range(count):
            with through.cursor() as cursor:
                cursor.execute(query, params)
                cursor.fetchall()

    return loop


def _bare(through: psycopg.Connection[Any]) -> Loop:
    def loop(count: int) -> None:
        for _query in range(count):
            with through.cursor() as cursor:
                cursor.execute(QUERY, (1,), prepare=False)
                cursor.fetchall()

    return loop


def _orm(get: Callable[[], object]) -> Loop:
    return lambda count: [get() for _query in range(count)]


def _at(place: Place, loop: Loop) -> Loop:
    def inside(count: int) -> None:
        with at(place):
            loop(count)

    return inside


def _entering(stores: Sequence[Store]) -> Loop:
    turns, ask = cycle(stores), _raw(connection)

    def loop(count: int) -> None:
        for _entry in range(count):
            with in_store(next(turns)):
                ask(1)

    return loop


def _setting(stores: Sequence[Store]) -> Loop:
    turns, through = cycle(stores), cast(Any, connections["tenants"])
    ask = _raw(through)

    def loop(count: int) -> None:
        for _entry in range(count):
            through.set_tenant(next(turns))
            ask(1)

    return loop
