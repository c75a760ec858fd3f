"""manage.py rescore: all scores from what happened, as if nothing had been counted yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.management.operator import OperatorCommand
from tickets.score.actions.follow import rescore
from tickets.score.queries.feed import stores_to_score


class Command(OperatorCommand):
    help = "Counts rounds and scores anew, of every open store or of one. The figures are the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--store", default="", help="the store's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        stores = stores_to_score(options["store"])
        if options["store"] and not stores:
            raise CommandError(f"there is no open store “{options['store']}”")
        for store in stores:
            self.stdout.write(f"{store.slug}: {rescore(store.pk, now=timezone.now())} tickets")
