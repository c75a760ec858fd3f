"""manage.py demo_connector: a simulated marketplace connector, for the demo agency only.

It stands for the program that an integrator runs between a marketplace and this desk: through the real REST API it
fetches what waits for the buyers, "carries" it nowhere, and reports it as sent, delivered and, a little later, read.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

import httpx

from tenants.hosts import url_of
from tenants.management.operator import OperatorCommand
from tickets.demo.load import connector_token, demo_agency

log = logging.getLogger(__name__)

STEPS = (("sent", 0.4), ("delivered", 1.0), ("read", 4.0))  # seconds after the one before


class Command(OperatorCommand):
    help = "Simulates the marketplaces of the demo stores: carries answers nowhere and reports them as read."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        agency = demo_agency()
        if agency is None:
            self.stdout.write("there is no demo agency; nothing to simulate")
            stopped.wait()
            return
        host = agency.domains.get().domain
        with (
            connector_token(agency) as secret,
            httpx.Client(
                # Where *.localhost is not resolved, the address is; the host is in the header.
                base_url=url_of("127.0.0.1"),
                headers={"Authorization": f"Bearer {secret}", "Host": host},
                timeout=10,
            ) as api,
        ):
            Simulator(api, [store.slug for store in agency.stores.all()]).run(stopped)


class Simulator:
    def __init__(self, api: httpx.Client, stores: list[str]) -> None:
        self.api = api
        self.stores = stores
        self.due: list[tuple[float, str, int, int]] = []  # when, store, message, step
        self.seen: set[tuple[str, int]] = set()

    def run(self, stopped: threading.Event) -> None:
        while not stopped.wait(0.5):
            try:
                for store in self.stores:
                    self.fetch(store)
                self.report()
            except httpx.HTTPError:
                pass  # the web process is starting or restarting; the next round finds it

    def fetch(self, store: str) -> None:
        answer = self.api.get(f"/api/v1/stores/{store}/outgoing/")
        for message in answer.json()["results"] if answer.is_success else []:
            if (store, message["id"]) not in self.seen:
                self.seen.add((store, message["id"]))
                self.due.append((time.monotonic() + STEPS[0][1], store, message["id"], 0))

    def report(self) -> None:
        now = time.monotonic()
        ripe = [item for item in self.due if item[0] <= now]
        self.due = [item for item in self.due if item[0] > now]
        for _when, store, message, step in ripe:
            path = f"/api/v1/stores/{store}/messages/{message}/delivery/"
            self.api.post(path, json={"state": STEPS[step][0]})
            if step + 1 < len(STEPS):
                self.due.append((now + STEPS[step + 1][1], store, message, step + 1))
