"""manage.py add_person: somebody who works for an agency, or the seller of a store."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.actions.add_person import add_person
from tenants.errors import DomainError
from tenants.management.operator import OperatorCommand
from tenants.models.people import Role


class Command(OperatorCommand):
    help = "Adds a person to an agency or a store. Again, for a further store."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--agency", default="", help="for owner, lead and agent: the agency's short name")
        parser.add_argument("--store", action="append", default=[], help="for agents and sellers: a store's short name")
        parser.add_argument("--alias", default="", help="the name that buyers and the seller see")
        parser.add_argument("--password", help="asked for when it is not given")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = add_person(
                options["email"],
                name=options["name"],
                role=options["role"],
                agency=options["agency"],
                stores=options["store"],
                alias=options["alias"],
                password=options["password"] or getpass(),
            )
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"{person.email} is {options['role']}")
