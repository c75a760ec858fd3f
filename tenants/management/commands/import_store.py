"""manage.py import_store: an archive becomes a new store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.errors import DomainError
from tenants.fleet.archive.bring_in import import_store
from tenants.fleet.archive.left_behind import left_behind
from tenants.fleet.archive.progress import progress_bar
from tenants.hosts import url_of
from tenants.management.operator import OperatorCommand
from tenants.queries import agency_by_slug


class Command(OperatorCommand):
    help = "Makes a new store of an archive that export_store wrote. Checks it first, and leaves nothing when it fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--agency", required=True, help="the agency's short name")
        parser.add_argument("--slug", required=True, help="the new store's short name")
        parser.add_argument("--host", default="", help="default: <slug>.<BASE_HOST>")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = agency_by_slug(options["agency"])
        if agency is None:
            raise CommandError(f"there is no agency “{options['agency']}”")
        wishes = {"slug": options["slug"], "host": options["host"], "now": timezone.now()}
        try:
            with progress_bar(self.stdout, quiet=options["verbosity"] == 0) as told:
                store = import_store(options["file"], agency, told=told, **wishes)
            behind = left_behind(options["file"])
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"{store.name} is open: {url_of(store.domains.get(is_primary=True).domain)}")
        self.stdout.write(f"Not taken over: hosts {', '.join(behind.hosts) or 'none'}")
        self.stdout.write(f"and people {', '.join(behind.people) or 'none'}: manage.py add_person gives them the store")
