"""manage.py open_store: a new store for an agency, ready for its first message."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.actions.open_store import open_store
from tenants.errors import DomainError
from tenants.hosts import url_of
from tenants.management.operator import OperatorCommand
from tenants.models import Store
from tenants.queries import agency_by_slug


class Command(OperatorCommand):
    help = "Opens a store, or takes up an opening that failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", help="the agency's short name")
        parser.add_argument("slug", help="the store's short name")
        parser.add_argument("--name", required=True)
        parser.add_argument("--marketplace", required=True, choices=Store.Marketplace.values)
        parser.add_argument("--time-zone", default="Asia/Shanghai")
        parser.add_argument("--host", default="", help="default: <slug>.<BASE_HOST>")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = agency_by_slug(options["agency"])
        if agency is None:
            raise CommandError(f"there is no agency “{options['agency']}”")
        try:
            store = open_store(
                agency,
                slug=options["slug"],
                name=options["name"],
                marketplace=options["marketplace"],
                time_zone=options["time_zone"],
                host=options["host"],
                now=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}") from error
        if store.state != Store.State.OPEN:
            raise CommandError(f"{store.slug} did not open: {store.failure}")
        self.stdout.write(f"{store.name} is open: {url_of(store.domains.get(is_primary=True).domain)}")
