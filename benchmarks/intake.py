"""How many buyers' messages a second does the real server accept, and what does a message cost beside the least?

Four clients with kept-alive connections, two web processes, durable PostgreSQL. In turns within one run:
  intake   POST /api/v1/stores/…/messages/: gate, ticket, message, event, clock, index, acknowledgement, outbox, push
  bare     a Django view in the same server, behind the same middleware, that does one INSERT
  raw      the same rows as intake writes, by psycopg in one transaction a message, without HTTP or Django
Every third message opens a ticket and is acknowledged; the mean conversation of the replayed data has 2.3.

python -m benchmarks.intake [--rounds 5] [--seconds 4]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from benchmarks.deployment import Target, target

CLIENTS = 4
TEXT = "您好，我的包裹已经三天没有更新物流了，订单号 20261120-{n}，麻烦帮我看一下，谢谢。"
PER_CONVERSATION = 3


@dataclass(frozen=True)
class Measured:
    per_second: float
    latencies: list[float]  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    asked = parser.parse_args()
    kinds: dict[str, Client] = {"bare": bare_client, "intake": intake_client, "raw": raw_client}
    got: dict[str, list[Measured]] = {kind: [] for kind in kinds}
    with target() as there:
        for kind, client in kinds.items():
            measure(there, client, 1.0, f"warm-{kind}")
        for turn in range(asked.rounds):
            for kind, client in kinds.items():
                got[kind].append(measure(there, client, asked.seconds, f"{kind}-{turn}"))
                print(f"{turn + 1}/{asked.rounds} {kind:7} {got[kind][-1].per_second:8.1f}/s")
    print(json.dumps(report(got)))


def report(got: dict[str, list[Measured]]) -> dict[str, object]:
    rate = {kind: [m.per_second for m in measured] for kind, measured in got.items()}
    waits = sorted(wait for measured in got["intake"] for wait in measured.latencies)
    per_turn = {
        kind: [mine / other for mine, other in zip(rate["intake"], rate[kind], strict=True)] for kind in ("bare", "raw")
    }
    return {
        "name": "intake",
        "figures": {
            "per_second": round(statistics.median(rate["intake"]), 1),
            "per_second_spread": [round(min(rate["intake"]), 1), round(max(rate["intake"]), 1)],
            "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
            "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
            "messages": len(waits),
            "bare_view_per_second": round(statistics.median(rate["bare"]), 1),
            "raw_sql_per_second": round(statistics.median(rate["raw"]), 1),
            "clients": CLIENTS,
            "web_processes": 2,
            "cores": os.cpu_count(),
        },
        "ratios": {
            "vs_bare_view": round(statistics.median(per_turn["bare"]), 3),
            "vs_bare_view_spread": [round(min(per_turn["bare"]), 3), round(max(per_turn["bare"]), 3)],
            "vs_raw_sql": round(statistics.median(per_turn["raw"]), 3),
        },
    }


# ---------------------------------------------------------------- clients: one call is one message

Client = Callable[[Target, int, str], Callable[[int], None]]


def intake_client(target: Target, client: int, run: str) -> Callable[[int], None]:
    connection = target.connection()
    _pk, slug, _schema = target.stores[client % len(target.stores)]

    def send(n: int) -> None:
        body = {
            "external_id": f"{run}-{client}-{n}",
            "customer": {"id": f"{run}-{client}-{n // PER_CONVERSATION}", "name": "小李"},
            "text": TEXT.format(n=n),
        }
        connection.request("POST", f"/api/v1/stores/{slug}/messages/", json.dumps(body), target.headers)
        answer = connection.getresponse()
        if answer.status != 201:
            raise RuntimeError(f"{answer.status} {answer.read()[:300]!r}")
        answer.read()

    return send


def bare_client(target: Target, client: int, run: str) -> Callable[[int], None]:
    connection = target.connection()

    def send(n: int) -> None:
        connection.request("POST", "/bench/bare/", json.dumps({"text": TEXT.format(n=n)}), target.headers)
        answer = connection.getresponse()
        if answer.status != 201:
            raise RuntimeError(f"{answer.status}")
        answer.read()

    return send


def raw_client(target: Target, client: int, run: str) -> Callable[[int], None]:
    connection = psycopg.connect(target.database_url)
    store, _slug, schema = target.stores[client % len(target.stores)]
    connection.execute(f"SET search_path = {schema}, public")
    connection.commit()
    ticket = 0

    def send(n: int) -> None:
        nonlocal ticket
        now = datetime.now(UTC)
        with connection.transaction():
            ticket = raw_message(connection, store, ticket, f"{run}-{client}", n, now)

    return send


def raw_message(connection: psycopg.Connection, store: int, ticket: int, run: str, n: int, now: datetime) -> int:
    """The rows of one accepted message, and of its opening where it opens. Returns the ticket's number."""
    opens = n % PER_CONVERSATION == 0
    seq = (n % PER_CONVERSATION) + (1 if opens else 2)
    run_sql = connection.execute
    run_sql(
        "INSERT INTO desk_delivery (store_id, channel, external_id, received_at) VALUES (%s, 'tmall', %s, %s)",
        [store, f"raw-{run}-{n}", now],
    )
    if opens:
        row = run_sql(
            "INSERT INTO tickets_customer (channel, external_id, name, email, language, created_at)"
            " VALUES ('tmall', %s, '小李', '', 'zh', %s) RETURNING id",
            [f"raw-{run}-{n}", now],
        ).fetchone()
        row = run_sql(
            "INSERT INTO tickets_ticket (customer_id, channel, subject, category, priority, state, last_seq, openings,"
            " opened_at, waiting_since, last_message_at) VALUES (%s, 'tmall', '', '', 3, 'waiting', 2, 1, %s, %s, %s)"
            " RETURNING number",
            [row[0] if row else 0, now, now, now],
        ).fetchone()
        ticket = row[0] if row else 0
    else:
        run_sql("UPDATE tickets_ticket SET last_seq = %s, last_message_at = %s WHERE number = %s", [seq, now, ticket])
    insert = (
        "INSERT INTO tickets_message (ticket_id, seq, kind, body, external_id, client_key, delivery, delivery_error,"
        " sent_at, created_at) VALUES (%s, %s, %s, %s, %s, '', %s, '', %s, %s) RETURNING id"
    )
    run_sql(insert, [ticket, seq, "buyer", TEXT.format(n=n), f"raw-{run}-{n}", "", now, now])
    event = "INSERT INTO tickets_event (ticket_id, kind, by, before, after, at) VALUES (%s, %s, '', '{}', %s, %s)"
    run_sql(event, [ticket, "message.received", json.dumps({"seq": seq}), now])
    if opens:
        row = run_sql(insert, [ticket, seq + 1, "bot", "您好，您的消息已经收到。", "", "pending", now, now]).fetchone()
        run_sql(
            "INSERT INTO desk_outbox (store_id, ticket_number, message_id, channel, carried_by_us, attempts,"
            " next_try_at, created_at) VALUES (%s, %s, %s, 'tmall', false, 0, %s, %s)",
            [store, ticket, row[0] if row else 0, now, now],
        )
        run_sql(event, [ticket, "ticket.opened", "{}", now])
        run_sql(event, [ticket, "message.acknowledged", "{}", now])
    run_sql(
        "INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,"
        " waiting_since, due_at, last_message_at) VALUES (%s, %s, 'waiting', 3, 'tmall', '', %s, 'first', %s, %s, %s)"
        " ON CONFLICT (store_id, ticket_number) DO UPDATE SET last_seq = EXCLUDED.last_seq,"
        " last_message_at = EXCLUDED.last_message_at",
        [store, ticket, seq, now, now, now],
    )
    return ticket


# ---------------------------------------------------------------- the clock


def measure(target: Target, client: Client, seconds: float, run: str) -> Measured:
    """CLIENTS processes, each sending one message after the other for that long."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [
        context.Process(target=_work, args=(target, client, number, run, seconds, results)) for number in range(CLIENTS)
    ]
    for worker in workers:
        worker.start()
    collected = [results.get(timeout=seconds + 60) for _ in workers]
    for worker in workers:
        worker.join()
    failed = [item for item in collected if isinstance(item, str)]
    if failed:
        raise RuntimeError(failed[0])
    waits = [wait for item in collected for wait in item[1]]
    return Measured(len(waits) / max(item[0] for item in collected), waits)


def _work(target: Target, client: Client, number: int, run: str, seconds: float, results: object) -> None:
    waits: list[float] = []
    try:
        send = client(target, number, run)
        began = time.perf_counter()
        while (now := time.perf_counter()) - began < seconds:
            send(len(waits))
            waits.append(time.perf_counter() - now)
        results.put((time.perf_counter() - began, waits))  # type: ignore[attr-defined]
    except Exception as error:  # told to the parent, which raises it
        results.put(f"{type(error).__name__}: {error}")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
