"""manage.py chat_widget SLUG: the store's script tag; sets the widget up where nobody has."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import DomainError
from tenants.hosts import url_of
from tenants.management.operator import OperatorCommand
from tenants.queries import StoreGone, host_of_store, store_by_id, store_by_slug
from tickets.actions.set_widget import open_widget, set_widget


class Command(OperatorCommand):
    help = "Prints the public key of a store's chat widget, then its script tag."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--site", action="append", default=[], help="another site that may embed it")

    def handle(self, *args: Any, **options: Any) -> None:
        found = store_by_slug(options["slug"])
        try:
            store = store_by_id(found.pk if found else 0)
        except StoreGone as error:
            raise CommandError(f"There is no open store {options['slug']}.") from error
        now = database_now()
        with in_store(store):
            widget = open_widget(now=now)
            try:
                if options["site"]:
                    widget = set_widget({"sites": [*widget.sites, *options["site"]]}, now=now)
            except DomainError as error:
                raise CommandError(str(error)) from error
            key = widget.key
        script = url_of(host_of_store(store), "/static/widget/deskfleet.js")
        self.stdout.write(key)
        self.stdout.write(f'<script src="{script}" data-key="{key}" async></script>')
