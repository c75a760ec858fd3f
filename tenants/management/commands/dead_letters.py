"""manage.py dead_letters: jobs that failed, to be looked at, tried again or forgotten."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from redis.exceptions import RedisError

from tenants.later import NoDeadLetter, dead_letters, forget_dead_letter, retry_dead_letter
from tenants.management.operator import OperatorCommand
from tenants.queries import store_slugs


class Command(OperatorCommand):
    help = "Lists the jobs that failed, with their store and why. One of a store that is not open fails, too."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--retry", metavar="ID", help="queues it again")
        what.add_argument("--forget", metavar="ID", help="takes it off the list")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["retry"]:
                retry_dead_letter(options["retry"])
                self.stdout.write("queued again")
            elif options["forget"]:
                forget_dead_letter(options["forget"])
                self.stdout.write("forgotten")
            else:
                self._list()
        except NoDeadLetter as error:
            raise CommandError(f"there is no dead letter {error}") from error
        except RedisError as error:
            raise CommandError(f"the queue does not answer: {error}") from error

    def _list(self) -> None:
        letters = dead_letters()
        slugs = store_slugs({letter.store for letter in letters if letter.store is not None})
        for letter in letters:
            store = slugs.get(letter.store or 0) or (f"no store {letter.store}" if letter.store else "?")
            when = f"{letter.failed_at:%Y-%m-%d %H:%M:%S} UTC" if letter.failed_at else "?"
            self.stdout.write("  ".join((letter.id, when, store, letter.job or "unreadable", letter.why)))
        self.stderr.write(f"{len(letters)} dead letters")
