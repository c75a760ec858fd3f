"""How late is what time does, end to end? Over a deployment that runs (`make up`), with its own clock and worker.

Five hundred buyers of its demo agency begin to wait, at times in the past such that their first warning comes due
within the next minute. Lateness is told twice: until the tick found it (`Event.at`), and until the warning stood in
the store's history, as somebody sees who looks every 30 ms. Prints one line of JSON. The tickets stay.

DATABASE_URL=… DESKFLEET_DATA=… python -m benchmarks.of_clocks.punctual [500] [60]
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from datetime import datetime, timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from tenants.context import as_operator, ask, in_store  # noqa: E402
from tenants.models import Store  # noqa: E402
from tickets.actions.receive import receive_message  # noqa: E402
from tickets.channels import Channel  # noqa: E402
from tickets.desk.models import QueueEntry  # noqa: E402
from tickets.incoming import IncomingMessage  # noqa: E402

LONGEST = 120  # seconds after the last is due
HALF = 0.5  # the first warning of who has set none
AHEAD = 20  # seconds until the first comes due: time to write them all

Due = dict[tuple[int, int], datetime]  # (store, ticket) → when its warning is due


def main() -> None:
    count, within = int(sys.argv[1]) if len(sys.argv) > 1 else 500, int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with as_operator():
        stores = list(Store.objects.filter(state=Store.State.OPEN).order_by("pk"))
        due = wait_begins(stores, count, within)
        found, seen = watch(stores, due)
    late = [(found[key] - at).total_seconds() for key, at in due.items() if key in found]
    shown = [(seen[key] - at).total_seconds() for key, at in due.items() if key in seen]
    told = {"waits": len(due), "told": len(found), "found_s": spread(late), "shown_s": spread(shown)}
    print(json.dumps({"stores": len(stores), "within_s": within, **told}))


def wait_begins(stores: list[Store], count: int, within: int) -> Due:
    rng, due = random.Random(8), {}
    began = timezone.now()
    for index in range(count):
        store = stores[index % len(stores)]
        warned_at = began + timedelta(seconds=AHEAD + within * rng.random())
        key = f"punctual-{began.timestamp():.0f}-{index}"
        with in_store(store):
            incoming = IncomingMessage(Channel.EMAIL, key, key, "in time?", customer_email="b@example.com")
            # The goal of e-mail is a day, in a demo that has set none: half of it before the warning.
            made = receive_message(incoming, now=warned_at - timedelta(hours=12))
            row = QueueEntry.objects.get(store=store, ticket_number=made.ticket_number)
        if row.waiting_since and row.due_at:
            due[store.pk, made.ticket_number] = row.waiting_since + (row.due_at - row.waiting_since) * HALF
    print(f"{count} waits in {(timezone.now() - began).total_seconds():.1f} s", file=sys.stderr)
    return due


def watch(stores: list[Store], due: Due) -> tuple[Due, Due]:
    """(when the tick found it, when it was first seen in the store), by ticket."""
    found: Due = {}
    seen: Due = {}
    last = dict.fromkeys((store.pk for store in stores), 0)
    ends = max(due.values()) + timedelta(seconds=LONGEST)
    while len(found) < len(due) and timezone.now() < ends:
        for store in stores:
            with in_store(store):
                rows = ask(
                    "SELECT id, ticket_id, at FROM tickets_event WHERE id > %s AND kind = 'clock.warned' ORDER BY id",
                    [last[store.pk]],
                )
            now = timezone.now()
            for pk, ticket, at in rows:
                last[store.pk] = pk
                if (store.pk, ticket) in due:
                    found.setdefault((store.pk, ticket), at)
                    seen.setdefault((store.pk, ticket), now)
        time.sleep(0.03)
    return found, seen


def spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ranked = sorted(seconds)
    p95 = ranked[round(0.95 * (len(ranked) - 1))]
    return {"p50": round(statistics.median(ranked), 3), "p95": round(p95, 3), "max": round(ranked[-1], 3)}


if __name__ == "__main__":
    main()
