"""manage.py api_token: a key for an integrator, or the end of one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.actions.issue_token import issue_token, revoke_token
from tenants.management.operator import OperatorCommand
from tenants.models import ApiToken
from tenants.queries import agency_by_slug, person_by_email, store_by_slug, tokens_of


class Command(OperatorCommand):
    help = "Issues a token that acts for a person in an agency or a store, or revokes one by its prefix."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person whom it acts for; it opens nothing that they may not open")
        parser.add_argument("--agency", help="the agency that it opens, by short name")
        parser.add_argument("--store", help="or the one store")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.READ)
        parser.add_argument("--name", default="integrator")
        parser.add_argument("--revoke", metavar="PREFIX", help="revokes this person's tokens that begin with it")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_by_email(options["email"])
        if person is None:
            raise CommandError(f"there is no {options['email']}")
        if options["revoke"]:
            tokens = tokens_of(person, options["revoke"])
            for token in tokens:
                revoke_token(token, now=timezone.now())
            self.stdout.write(f"{len(tokens)} revoked")
            return
        agency = agency_by_slug(options["agency"]) if options["agency"] else None
        store = store_by_slug(options["store"]) if options["store"] else None
        if bool(agency) == bool(store):
            raise CommandError("name one agency or one store that exists")
        _token, secret = issue_token(person, name=options["name"], scope=options["scope"], agency=agency, store=store)
        self.stdout.write(secret)
        self.stderr.write("It is shown this once.")
