"""manage.py roll_up: counts everything anew from the stores' own events, to exactly the same figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from reports.actions.rebuild import Rebuilt, rebuild, rebuild_groups
from reports.queries.feed import open_stores
from tenants.clock import database_now
from tenants.management.operator import OperatorCommand


class Command(OperatorCommand):
    help = "Counts the reports' figures anew from the stores' events. Reports go on meanwhile; nothing dips."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--store", metavar="SLUG", help="only this store; default: every open one")
        parser.add_argument("--days", type=int, metavar="N", help="only tickets of the last N days; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if days is not None and not 1 <= days <= 36500:
            raise CommandError("--days is a number from 1 on.")
        stores = open_stores(options["store"] or "")
        if not stores:
            raise CommandError(
                f"There is no open store {options['store']}." if options["store"] else "There is no open store."
            )
        now = database_now()
        since = now - timedelta(days=days) if days else None
        for number, store in enumerate(stores, start=1):
            self.stdout.write(f"{number} of {len(stores)}  {store.slug}: {told(rebuild(store, since=since, now=now))}")
        self.stdout.write("sums of groups: " + ("all were right" if rebuild_groups(stores) else "put right"))


def told(rebuilt: Rebuilt) -> str:
    if rebuilt.was_right:
        return f"{rebuilt.tickets} tickets, all figures were right"
    return f"{rebuilt.tickets} tickets, figures put right"
