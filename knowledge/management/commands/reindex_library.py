"""manage.py reindex_library: the search's entries from the items, anew: after an upgrade that reads texts otherwise."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from knowledge.actions.index_items import reindex
from tenants.management.operator import OperatorCommand
from tenants.queries.fleet import agencies


class Command(OperatorCommand):
    help = "Builds anew what the library's search looks in. Safe while people work, and to be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", nargs="?", help="slug; all of them without it")

    def handle(self, *args: Any, **options: Any) -> None:
        for agency in agencies(slug=options["agency"] or ""):
            after = steps = 0
            while after := reindex(agency.pk, after=after):
                steps += 1
            self.stdout.write(f"{agency.slug}: done in {steps} steps")
