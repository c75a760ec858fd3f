"""manage.py fleet: how far the stores' schemas are, bringing them to head, comparing them, putting them right."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from tenants.errors import DomainError
from tenants.fleet.progress import console_of, migrate_and_tell
from tenants.fleet.repair import repair_fleet
from tenants.fleet.template import code_head
from tenants.fleet.verify import Found, verify_fleet
from tenants.management.operator import OperatorCommand
from tenants.queries import FleetState, fleet_state


class Command(OperatorCommand):
    help = "The stores' schemas: status (default), migrate, verify, repair."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", default="status", choices=["status", "migrate", "verify", "repair"])

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = console_of(self.stdout, width=160)
        try:
            getattr(self, options["what"])()
        except DomainError as error:
            raise CommandError(str(error)) from error

    def status(self) -> None:
        state = fleet_state(code_head())
        self.console.print(_summary(state))
        while troubled := list(filter(attrgetter("is_troubled"), state.lines)):  # they come first
            for line in troubled:
                self.console.print(f"  {line.slug}: {line.failure or 'behind'} (at {line.at or 'nothing'})")
            if state.page == state.pages:
                return
            state = fleet_state(state.head, page=state.page + 1)

    def migrate(self) -> None:
        migrate_and_tell(self.stdout)

    def verify(self) -> None:
        with self.console.status("Comparing …") as status:
            found = verify_fleet(lambda done, total: status.update(f"Comparing {done} of {total} …"))
        self._tell(found)
        if not found.is_good:
            raise CommandError("Not every schema is as it should be. `manage.py fleet repair` mends what it can.")

    def repair(self) -> None:
        repaired = repair_fleet()
        self.console.print(f"Mended: {', '.join(sorted(repaired.stores)) or 'nothing'}")
        for slug, why in sorted(repaired.failures.items()):
            self.console.print(f"  {slug} could not be mended and was left as it was: {why}")
        self._tell(repaired.left)
        if not repaired.left.is_good:
            raise CommandError("What is named above needs a person.")

    def _tell(self, found: Found) -> None:
        self.console.print(f"{found.compared} schemas compared with the template, {len(found.differences)} differ")
        table = Table("store", "what", box=None)
        for slug, wrong in sorted(found.differences.items()):
            for difference in wrong:
                table.add_row(slug, str(difference))
        for slugs, what in (
            (found.behind, "is behind: `manage.py fleet migrate`"),
            (found.missing, "has no schema: restore it from a backup"),
        ):
            for slug in slugs:
                table.add_row(slug, what)
        for schema in found.strangers:
            table.add_row(schema, "is a schema of no store; look into it, then drop it by hand")
        if table.row_count:
            self.console.print(table)


def _summary(state: FleetState) -> str:
    return f"{state.total} stores: {state.at_head} at head, {state.behind} behind, {state.failed} failed ({state.head})"
