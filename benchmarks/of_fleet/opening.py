"""Opening stores through the product's own verb, a schema of django-tenants' between every few of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from benchmarks.of_fleet.figures import Figures
from benchmarks.of_fleet.peer import Peer
from tenants.actions.open_store import open_store
from tenants.fleet import provision
from tenants.models import Agency, Store

CLONES = 10
GROWTH = 100  # the first and the last so many are compared
PEER_GROWTH = 5


@dataclass
class Opening:
    """Seconds of each opening: `whole` with the rows, the locks and the owner's connection; `tables` of it."""

    agency: Agency
    peer: Peer
    stores: list[Store] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    tables: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    blocks: list[tuple[float, float, float]] = field(default_factory=list)  # whole, tables, theirs

    def grow(self, stores: int, peers: int) -> None:
        """Until there are so many of each."""
        to_open, to_make = stores - len(self.stores), peers - len(self.theirs)
        for turn in range(to_make):
            self._block(to_open * (turn + 1) // to_make - to_open * turn // to_make)
            if turn % 5 == 4 or turn == to_make - 1:
                print(
                    f"{len(self.stores)} stores open, {self.whole[-1] * 1000:.0f} ms each;"
                    f" django-tenants {self.theirs[-1] * 1000:.0f} ms",
                    flush=True,
                )

    def _block(self, count: int) -> None:
        begin = len(self.stores)
        with self._timed():
            for _store in range(count):
                self._open()
        self.theirs.append(self.peer.create())
        if count:
            whole, tables = (statistics.median(all_of[begin:]) for all_of in (self.whole, self.tables))
            self.blocks.append((whole, tables, self.theirs[-1]))

    def _open(self) -> None:
        slug = f"bench-{len(self.stores)}"
        began = time.perf_counter()
        store = open_store(self.agency, slug=slug, name=slug, marketplace="tmall", time_zone="UTC", now=timezone.now())
        self.whole.append(time.perf_counter() - began)
        if store.state != Store.State.OPEN:
            raise RuntimeError(f"{slug} did not open: {store.failure}")
        self.stores.append(store)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        build = provision.build

        def timed(*args: Any, **kwargs: Any) -> None:
            began = time.perf_counter()
            build(*args, **kwargs)
            self.tables.append(time.perf_counter() - began)

        with patch.object(provision, "build", timed):
            yield

    def report(self, figures: Figures, ratios: Figures) -> None:
        figures.put("provision_ms", [s * 1000 for s in self.whole])
        figures.put("provision_tables_ms", [s * 1000 for s in self.tables])
        figures.put("peer_provision_ms", [s * 1000 for s in self.theirs])
        if len(self.stores) > GROWTH:
            figures.put("growth_provision_first_ms", [s * 1000 for s in self.whole[:GROWTH]])
            figures.put("growth_provision_last_ms", [s * 1000 for s in self.whole[-GROWTH:]])
            figures.put("growth_peer_provision_first_ms", [s * 1000 for s in self.theirs[:PEER_GROWTH]])
            figures.put("growth_peer_provision_last_ms", [s * 1000 for s in self.theirs[-PEER_GROWTH:]])
        clones = [self.peer.clone(number) for number in range(CLONES)]
        figures.put("peer_clone_ms", [s * 1000 for s in clones])
        ratios.put("provision", [theirs / whole for whole, _tables, theirs in self.blocks])
        ratios.put("provision_tables", [theirs / tables for _whole, tables, theirs in self.blocks])
        ratios["provision_vs_clone"] = round(statistics.median(clones) / statistics.median(self.whole[-GROWTH:]), 2)
