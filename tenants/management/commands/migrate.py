"""manage.py migrate: public by Django, as the owner; then the fence; then every store."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from tenants.errors import DomainError
from tenants.fleet import fence
from tenants.fleet.check import holes_by
from tenants.fleet.ledger import store_apps
from tenants.fleet.progress import migrate_and_tell
from tenants.postgresql.roles import OWNER


class Command(migrate.Command):
    help = "Brings public and every store's schema up to date, and the database's roles and policies with them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)
        parser.add_argument("--public-only", action="store_true", help="leave the stores for `manage.py fleet migrate`")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["app_label"] in store_apps():
            raise CommandError(
                f"{options['app_label']} lies in the stores: `manage.py fleet migrate` brings all to head."
            )
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"] or options["app_label"]:
            return
        try:
            fence.apply()
            self.mend()
            if not options["public_only"]:
                migrate_and_tell(self.stdout, quiet=options["verbosity"] == 0)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def check(self, *args: Any, **options: Any) -> None:
        """Without the database's own checks: what they would stop over, this command puts right."""
        super().check(*args, **{**options, "databases": None})

    def mend(self) -> None:
        """Writes the fence anew if it has a hole: a run that was killed, a policy that was dropped by hand."""
        if holes_by(OWNER):
            fence.apply(anew=True)
            if left := holes_by(OWNER):
                raise CommandError("\n".join(["the fence has holes:", *left]))
