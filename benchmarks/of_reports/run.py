"""Run by `benchmarks.reports` in a process of its own: measures, tells how far it is, and prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.of_fleet.figures import Figures, seconds_of  # noqa: E402
from benchmarks.of_reports.fleet import DAILY, copies, real_stores, volume  # noqa: E402
from reports.actions.follow import follow  # noqa: E402
from reports.periods import DAY  # noqa: E402
from reports.queries.events import _OPENINGS  # noqa: E402
from reports.queries.reach import reach_of  # noqa: E402
from reports.queries.report import report_for, wanted  # noqa: E402
from tenants.access import Caller  # noqa: E402
from tenants.context import as_operator, at, in_store  # noqa: E402
from tenants.hosts import SESSION_HOST, Place, place_of  # noqa: E402
from tenants.models import Agency, Domain, Membership, Store, User  # noqa: E402
from tickets.actions.receive import receive_message  # noqa: E402
from tickets.channels import default_channel  # noqa: E402
from tickets.incoming import IncomingMessage  # noqa: E402

AGAINST = (
    "The loop enters each of {real} real schemas with in_store and reads the report's default page (both periods) from"
    " its events with one statement; per store, times {stores}. It is given the percentiles of each store for nothing,"
    " and nothing else of a request."
)
FEW = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("stores", "days", "real", "rounds"):
        parser.add_argument(name, type=int)
    asked = parser.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    with as_operator():
        result = measure(asked.stores, asked.days, asked.real, asked.rounds)
    print(json.dumps(result), flush=True)


def measure(stores: int, days: int, real: int, rounds: int) -> dict[str, object]:
    figures, ratios = Figures(), Figures()
    now = timezone.now()
    big, small = _agency("big"), _agency("small")
    real = min(real, stores)
    opened = real_stores(big, real, days=2 * days, now=now)
    copies(big, opened, stores - real, now=now)
    copies(small, opened, FEW, now=now)
    figures |= {"stores": stores, "days": days, "daily_tickets": DAILY, "cores": os.cpu_count(), **volume()}
    clients = {"": _signed_in("big"), "_10": _signed_in("small")}
    pages = {
        "front": "/admin/",
        "report": f"/admin/report/?period={days}" if days in (7, 28, 90) else f"/admin/report/?{_span(now, days)}",
        "by_name": f"/admin/report/?{_span(now, days)}&order=name",
        "by_p90": f"/admin/report/?{_span(now, days)}&order=-p90",
        "channels": f"/admin/report/?{_span(now, days)}&by=channel",
        "categories": f"/admin/report/?{_span(now, days)}&by=category",
        "daily": f"/admin/report/?{_span(now, days)}&by=day",
        "one_store": f"/admin/report/?{_span(now, days)}&store={{store}}",
        "export": f"/admin/report/file/?{_span(now, days)}&format=csv",
    }
    slugs = {"": f"big-{stores - real - 1}" if stores > real else "big-real-0", "_10": "small-3"}
    waits: dict[str, list[float]] = {name + of: [] for name in pages for of in clients}
    worked: dict[str, list[float]] = {name: [] for name in waits}
    for turn in range(rounds + 3):
        for of, client in clients.items():
            for name, path in pages.items():
                before = _cpu()
                took = _request(client, path.format(store=slugs[of]))
                if turn >= 3:  # plans, caches, what only first requests do
                    waits[name + of].append(took)
                    worked[name + of].append(_cpu() - before)
    for name, seconds in waits.items():
        figures.put_waits(name, seconds)
        figures[f"{name}_cpu_ms"] = round(statistics.fmean(worked[name]) * 1000, 1)
        print(name, *(figures[f"{name}_{of}"] for of in ("p50_ms", "p95_ms", "cpu_ms")), flush=True)
    tickets = "/admin/report/tickets/?period=7&measure=late&store=big-real-0"
    figures.put_waits("tickets", [_request(clients[""], tickets) for _turn in range(rounds)])
    figures["p95_ms"] = max(figures["front_p95_ms"], figures["report_p95_ms"])
    growth = {name: round(figures[f"{name}_p50_ms"] / figures[f"{name}_10_p50_ms"], 2) for name in pages}
    figures["growth_10_to_1000"] = max(growth["front"], growth["report"])
    figures["growth"] = growth
    figures["growth_of_cpu"] = {
        name: round(figures[f"{name}_cpu_ms"] / figures[f"{name}_10_cpu_ms"], 2) for name in pages
    }
    _queries(figures, clients[""], pages)
    _loop(figures, ratios, opened, stores, days, now)
    _feed(figures, opened[0])
    against = AGAINST.format(real=len(opened), stores=stores)
    return {"name": "reports", "against": against, "figures": figures, "ratios": ratios}


def _agency(slug: str) -> Agency:
    agency = Agency.objects.create(slug=slug, name=slug)
    Domain.objects.create(domain=f"{slug}.localhost", agency=agency)
    lead = User.objects.create_user(f"lead@{slug}.example", "benchmark-only-1", name="Lead")
    Membership.objects.create(user=lead, agency=agency, role="lead")
    return agency


def _signed_in(slug: str) -> Client:
    client = Client(headers={"host": f"{slug}.localhost"})
    lead = User.objects.get(email=f"lead@{slug}.example")
    client.force_login(lead, backend="tenants.sign_in.PlaceBackend")
    session = client.session
    session[SESSION_HOST] = f"{slug}.localhost"
    session.save()
    return client


def _span(now: datetime, days: int) -> str:
    today = now.date()
    return f"from={today - DAY * (days - 1)}&to={today}"


def _request(client: Client, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:300]!r}")
    return took


def _cpu() -> float:
    """Seconds that this thread and its server's backend have worked: what is left when others keep the machine busy."""
    backend = connection.connection.info.backend_pid if connection.connection else 0
    schedule = Path(f"/proc/{backend}/schedstat")
    worked = int(schedule.read_text().split()[0]) if schedule.exists() else 0
    return time.process_time() + worked / 1e9


def _queries(figures: Figures, client: Client, pages: dict[str, str]) -> None:
    """How many statements, and how long the database takes of them."""
    for name in ("front", "report"):
        with CaptureQueriesContext(connection) as captured:
            client.get(pages[name])
        figures[f"{name}_statements"] = len(captured)
        figures[f"{name}_sql_ms"] = round(sum(float(query["time"]) for query in captured) * 1000, 1)


def _loop(figures: Figures, ratios: Figures, real: Sequence[Store], stores: int, days: int, now: datetime) -> None:
    """The same report the plain way; and that both say the same."""
    place = place_of("big.localhost")
    assert isinstance(place, Place)
    caller = Caller(User.objects.get(email="lead@big.example"), place)
    each: list[float] = []
    read: dict[str, int] = {}
    first = (now.date() - DAY * (2 * days - 1)).isoformat()
    for _turn in range(3):
        for store in real:
            began = time.perf_counter()
            read[store.slug] = _by_events(store, first, now.date().isoformat())
            each.append(time.perf_counter() - began)
    query = {"from": (now.date() - DAY * (days - 1)).isoformat(), "to": now.date().isoformat(), "q": "-real-"}
    whole = statistics.fmean(each) * stores
    figures["loop_ms_per_store"] = round(statistics.median(each) * 1000, 2)
    figures["loop_s"] = round(whole, 2)
    ratios["vs_loop"] = round(whole * 1000 / figures["report_p50_ms"], 1)
    with at(place):
        reach = reach_of(caller)
        lines = report_for(reach, wanted(query, reach, now), size=1000).lines
    figures["loop_agrees"] = all(line.sums.opened + line.before.opened == read[line.key] for line in lines)


def _by_events(store: Store, first: str, last: str) -> int:
    with in_store(store), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(opening) FILTER (WHERE closing IS NOT NULL), sum(extract(epoch FROM replied_at -"
            " opened_at)), percentile_disc(0.9) WITHIN GROUP (ORDER BY replied_at - opened_at) FROM ("
            + _OPENINGS.partition("SELECT t.number")[0].replace("ticket_id = ANY(%(numbers)s) AND", "")
            + " SELECT s.*, t.channel FROM seen s JOIN tickets_ticket t ON t.number = s.ticket_id"
            " WHERE (s.opened_at AT TIME ZONE %(zone)s)::date BETWEEN %(first)s AND %(last)s) counted",
            {"zone": store.time_zone, "first": first, "last": last},
        )
        return int(cursor.fetchone()[0])


def _feed(figures: Figures, store: Store) -> None:
    """What a tick of the clock costs when nothing has happened, and what an opening adds to it."""
    for _turn in range(3):
        follow(timezone.now())
    figures.put("tick_idle_ms", [seconds_of(lambda: follow(timezone.now())) * 1000 for _turn in range(20)])
    took = []
    for index in range(50):
        with in_store(store):
            receive_message(
                IncomingMessage(default_channel(store.marketplace), f"feed-{index}", f"feed-{index}", "?"),
                now=timezone.now(),
            )
        took.append(seconds_of(lambda: follow(timezone.now())) * 1000)
    figures.put("tick_with_an_opening_ms", took)


if __name__ == "__main__":
    main()
