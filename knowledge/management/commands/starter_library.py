"""manage.py starter_library: gives an agency what every library can begin with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from knowledge.actions.add_starters import add_starters
from knowledge.models import Kind
from knowledge.queries.authors import first_lead
from tenants.clock import database_now
from tenants.management.operator import OperatorCommand
from tenants.queries import agency_by_slug


class Command(OperatorCommand):
    help = "Adds the starter set to an agency's library: what it does not have yet, in a first version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", help="the agency's short name")
        parser.add_argument("--kind", choices=Kind.values, action="append", help="of this kind alone")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = agency_by_slug(options["agency"])
        author = first_lead(agency.pk) if agency else None
        if agency is None or author is None:
            raise CommandError("there is no such agency, or nobody leads it")
        for kind in options["kind"] or Kind.values:
            made = add_starters(agency.pk, kind, author=author, now=database_now())
            self.stdout.write(f"{kind}: {len(made)} added")
