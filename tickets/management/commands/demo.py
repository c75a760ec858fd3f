"""manage.py demo: the demo agency, once."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from tenants.management.operator import OperatorCommand
from tickets.demo.load import make_demo, sign_ins


class Command(OperatorCommand):
    help = "Makes the demo agency with three stores and forty tickets, if it is not there yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print addresses and sign-ins as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        fresh = make_demo(settings.BASE_HOST)
        if options["json"]:
            self.stdout.write(json.dumps(sign_ins(), ensure_ascii=False))
        else:
            self.stdout.write("The demo agency is ready." if fresh else "The demo agency was there already.")
