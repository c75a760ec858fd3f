"""Migrating the fleet: nothing to do, and one AddField with one index; django-tenants' executors over a subset."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from django.conf import settings

from benchmarks.of_fleet.alterations import modules
from benchmarks.of_fleet.figures import Figures, seconds_of
from benchmarks.of_fleet.peer import Peer
from benchmarks.of_fleet.settings import STATE_VARIABLE
from tenants.fleet import template
from tenants.fleet.migrate import migrate_fleet

NOOPS = 5  # of ours, beside each of theirs
COMMANDS = 3


class Migrating:
    """Keeps what is at head in this process, in the peer's and in those that it starts."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.state = 0

    def noop_growth(self, figures: Figures) -> None:
        """At the first stores: ours alone."""
        figures.put("growth_noop_first_s", [self._noop() for _turn in range(NOOPS)], digits=4)

    def alter_growth(self, figures: Figures, stores: int) -> None:
        """At the first stores, and all of the peer's schemas with them."""
        ours = self._alter(stores)
        theirs = self.peer.migrate("standard", self.peer.schemas)
        figures["growth_alter_first_s"] = round(ours, 3)
        figures["growth_alter_first_ms_per_store"] = round(ours / stores * 1000, 2)
        figures["growth_peer_alter_first_ms_per_store"] = round(theirs * 1000, 1)

    def noop(self, figures: Figures, ratios: Figures, stores: int, rounds: int) -> None:
        """In this process, all at head. Ours over all, theirs over half of its schemas each, scaled to all."""
        ours, standard, parallel = [], [], []
        one, other = self.peer.halves()
        for turn in range(rounds):
            ours.append(statistics.median(self._noop() for _again in range(NOOPS)))
            standard.append(self.peer.migrate("standard", one) * stores)
            parallel.append(self.peer.migrate("multiprocessing", other) * stores)
            print(
                f"no-op {turn + 1}/{rounds}: {ours[-1]:.3f} s; django-tenants {standard[-1]:.0f} s,"
                f" by two processes {parallel[-1]:.0f} s",
                flush=True,
            )
        figures.put("noop_s", ours, digits=4)
        figures.put("peer_noop_s", standard, digits=1)
        figures.put("peer_noop_two_processes_s", parallel, digits=1)
        figures.put("noop_command_s", [self._command() for _turn in range(COMMANDS)])
        figures.put("noop_command_without_stores_s", [self._command("--public-only") for _turn in range(COMMANDS)])
        best = [min(both) for both in zip(standard, parallel, strict=True)]
        ratios.put("noop", [theirs / mine for theirs, mine in zip(best, ours, strict=True)], digits=1)
        ratios.put("noop_one_process", [theirs / mine for theirs, mine in zip(standard, ours, strict=True)], digits=1)

    def alter(self, figures: Figures, ratios: Figures, stores: int, rounds: int) -> None:
        """Each round another column and index, from the same state, in tables without rows."""
        ours, standard, parallel = [], [], []
        one, other = self.peer.halves()
        for turn in range(rounds):
            ours.append(self._alter(stores))
            standard.append(self.peer.migrate("standard", one) * stores)
            parallel.append(self.peer.migrate("multiprocessing", other) * stores)
            print(
                f"alter {turn + 1}/{rounds}: {ours[-1]:.2f} s; django-tenants {standard[-1]:.0f} s,"
                f" by two processes {parallel[-1]:.0f} s",
                flush=True,
            )
        figures.put("alter_s", ours, digits=3)
        figures["alter_ms_per_store"] = round(statistics.median(ours) / stores * 1000, 2)
        figures.put("peer_alter_s", standard, digits=1)
        figures.put("peer_alter_two_processes_s", parallel, digits=1)
        best = [min(both) for both in zip(standard, parallel, strict=True)]
        ratios.put("alter", [theirs / mine for theirs, mine in zip(best, ours, strict=True)], digits=1)
        ratios.put("alter_one_process", [theirs / mine for theirs, mine in zip(standard, ours, strict=True)], digits=1)

    def _noop(self) -> float:
        def run() -> None:
            report = migrate_fleet()
            if report.migrated or report.failures or report.newer:
                raise RuntimeError(f"there was something to do: {report}")

        return seconds_of(run)

    def _alter(self, stores: int) -> float:
        """Puts one migration more at head everywhere, and runs ours. The peer's is run by the caller."""
        self.state += 1
        settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, **modules(self.state)}
        template.forget()
        self.peer.alter(self.state)

        def run() -> None:
            report = migrate_fleet()
            if report.migrated != stores or report.failures:
                raise RuntimeError(f"{report.migrated} of {stores} migrated; {report.failures}")

        return seconds_of(run)

    def _command(self, *options: str) -> float:
        """`manage.py migrate` in a process of its own, from its start to its end."""
        environment = os.environ | {STATE_VARIABLE: str(self.state)}
        command = [sys.executable, "manage.py", "migrate", "--noinput", *options]
        return seconds_of(
            lambda: subprocess.run(command, env=environment, check=True, capture_output=True, timeout=600)
        )
