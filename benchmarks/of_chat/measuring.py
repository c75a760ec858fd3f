"""The deployment that is measured, the peers, and the load process that is given orders."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks.of_chat.servers import own_servers
from config import embedded
from config.embedded import place, postgres
from config.management.commands.up import web
from tests.deployment import Deployment, deployed, free_port

PATIENCE = 900.0  # seconds for one order
VISITORS = 250  # of the burst


@dataclass
class Bench:
    deployment: Deployment
    load: subprocess.Popen[str]
    made: dict[str, Any]
    rounds: int = 0
    web: subprocess.Popen[bytes] = field(init=False)

    def measure(self, kind: str, **stream: Any) -> dict[str, Any]:
        """One turn of the product, or of a peer. Each starts its server, and ends it: none idles beside another."""
        if kind == "product":
            return self._product(**stream)
        port = free_port()
        with self._server(kind, port):
            return self.order("echo", port=port, desks=len(self.made["cookies"]), **stream)

    def _product(self, **stream: Any) -> dict[str, Any]:
        with self._server("product", self.deployment.port):
            found = self.order("product", rounds=1, round=self.rounds, **self._there(), **stream)
        self.rounds += 1
        return found | {"committed": self.committed(self.made["stores"][0]["schema"])}

    def idle(self, sockets: int) -> dict[str, float]:
        """KiB that a socket adds to the web processes."""
        with self._server("product", self.deployment.port):
            self.order("idle", sockets=50, **self._there())  # what is made once, is made
            self.order()
            before = self._memory()
            self.order("idle", sockets=sockets, **self._there())
            after = self._memory()
            self.order()
        return {name: (after[name] - before[name]) / sockets / 1024 for name in before}

    def burst(self, messages: int, *, seconds: float) -> dict[str, Any]:
        with self._server("product", self.deployment.port):
            about = {"messages": messages, "visitors": min(VISITORS, messages), "seconds": seconds}
            found = self.order("burst", most_seconds=PATIENCE, **about, **self._there())
        return found | {"committed": self.committed(self.made["stores"][1]["schema"])}

    def committed(self, schema: str) -> dict[str, tuple[float, int]]:
        """marker → when it was committed (seconds), and how often it is in PostgreSQL."""
        query = """
            SELECT split_part(message.body, ' ', 1), min(extract(epoch FROM pg_xact_commit_timestamp(event.xmin))),
                   count(*)
            FROM {events} event JOIN {messages} message
              ON message.ticket_id = event.ticket_id AND message.seq = (event.after ->> 'seq')::bigint
            WHERE event.kind IN ('message.received', 'message.replied') GROUP BY 1
        """
        tables = {"events": "tickets_event", "messages": "tickets_message"}
        named = {name: sql.Identifier(schema, table) for name, table in tables.items()}
        with psycopg.connect(self.deployment.servers.database_url) as connection:
            rows = connection.execute(sql.SQL(query).format(**named)).fetchall()
        return {marker: (float(at), count) for marker, at, count in rows}

    def order(self, what: str = "", **about: Any) -> dict[str, Any]:
        """Nothing to do: what was held, is let go."""
        assert self.load.stdin
        assert self.load.stdout
        self.load.stdin.write(json.dumps({"do": what, **about}) + "\n")
        self.load.stdin.flush()
        answer: dict[str, Any] = json.loads(self.load.stdout.readline() or '{"error": "the load process ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _there(self) -> dict[str, Any]:
        database_url = self.deployment.servers.database_url
        return {"made": self.made, "port": self.deployment.port, "database_url": database_url}

    @contextmanager
    def _server(self, kind: str, port: int) -> Iterator[None]:
        if kind == "websockets":
            process = self.deployment.start("-m", "benchmarks.of_chat.websockets_echo", str(port))
        else:
            peer = ["--app", "benchmarks.of_chat.channels_echo:application"] if kind == "channels" else []
            process = self.deployment.start(*web("127.0.0.1", port)[1:], *peer)
        try:
            self.web = process
            if kind == "product":
                self.deployment.wait_until_ready()
            else:
                listening(port)
            yield
        finally:
            self.deployment.stop(process, signal.SIGTERM)

    def _memory(self) -> dict[str, int]:
        """Bytes of the web processes: what only they have (USS), and all (RSS)."""
        time.sleep(2)
        processes = psutil.Process(self.web.pid).children(recursive=True)
        full = [process.memory_full_info() for process in processes]
        return {"uss": sum(each.uss for each in full), "rss": sum(each.rss for each in full)}


def listening(port: int) -> None:
    """Returns once somebody listens there. Raises TimeoutError."""
    for _ in range(300):
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in psutil.net_connections("tcp")):
            time.sleep(1)  # every process of it
            return
        time.sleep(0.1)
    raise TimeoutError(port)


@contextmanager
def bench(data: Path, *, desks: int) -> Iterator[Bench]:
    """Two stores with widgets and desks that are signed in, on servers that note when each transaction committed."""
    os.environ["CHAT_SOCKETS_PER_ADDRESS"] = "100000"  # every buyer comes from this machine
    os.environ["WEB_CONCURRENCY"] = "2"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with own_servers(data) as servers:
        note_commits(data)
        with deployed(servers, data) as deployment:
            made = json.loads(deployment.run("-m", "benchmarks.of_chat.prepare", "2", str(desks)))
            load = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.of_chat.load"],
                env=deployment.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            try:
                yield Bench(deployment, load, made)
            finally:
                load.kill()
                load.wait()


def note_commits(data: Path) -> None:
    """Has this PostgreSQL keep each transaction's time of commit, which takes a restart."""
    there = place.choose(data.resolve())
    there.write(there.home / "postgres" / "local.conf", "track_commit_timestamp = on\n")
    postgres.stop(there)
    embedded.start(data)
