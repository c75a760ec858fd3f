"""manage.py export_store: one store as one open file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.errors import DomainError
from tenants.fleet.archive.export import export_store
from tenants.fleet.archive.progress import progress_bar
from tenants.management.operator import OperatorCommand
from tenants.queries import store_by_slug


class Command(OperatorCommand):
    help = "Writes everything of one store, and nothing of any other, into one .zip file that says how it is read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the store's short name")
        parser.add_argument("file", type=Path, help="the archive; replaced, once the new one is whole, where it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        store = store_by_slug(options["slug"])
        if store is None:
            raise CommandError(f"there is no store “{options['slug']}”")
        try:
            with progress_bar(self.stdout, quiet=options["verbosity"] == 0) as told:
                manifest = export_store(store, options["file"], now=timezone.now(), told=told)
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        size = options["file"].stat().st_size
        self.stdout.write(f"{options['file']}: {manifest.rows} rows, {manifest.files} files, {size / 1e6:.1f} MB")
