"""manage.py store: what becomes of a store after its opening."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from tenants.actions.archive_store import archive_store, restore_store
from tenants.actions.delete_store import deletable_from, delete_store
from tenants.actions.suspend_store import resume_store, suspend_store
from tenants.errors import DomainError
from tenants.management.operator import OperatorCommand
from tenants.models import DeletionCertificate, Store
from tenants.queries import certificate_of, store_by_slug

WHAT: Final = {
    "suspend": "makes a store dark for everybody; `resume` undoes it, and nothing is lost meanwhile",
    "resume": "ends a suspension",
    "archive": "makes a store dark and puts its tables out of reach; `restore` undoes it",
    "restore": "brings an archived store back as it was, and its tables up to date",
    "delete": "deletes an archived store for good, and writes a certificate; nothing undoes it",
    "certificate": "prints the certificate of a store that was deleted",
}


class Command(OperatorCommand):
    help = "Suspends, archives, restores or deletes a store."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(WHAT))
        for verb, what in WHAT.items():
            one = verbs.add_parser(verb, help=what, description=f"{what[0].upper()}{what[1:]}.")
            one.add_argument("slug", help="the store's short name")
            one.add_argument("--by", default=getpass.getuser(), help="who does this; default: the user of this shell")
            why = one.add_mutually_exclusive_group(required=verb == "suspend")
            if verb in ("suspend", "delete"):
                why.add_argument("--reason", help="one line, kept with it")
            if verb in ("archive", "delete"):
                one.add_argument("--yes", action="store_true", help="do not ask")
            if verb == "delete":
                why.add_argument(
                    "--now-by-order", metavar="REASON", help="before the grace period is over: whose order, and why"
                )
                one.add_argument("--certificate", type=Path, metavar="FILE", help="default: a file under the data")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "certificate":
            self._certificate(options["slug"])
            return
        store = store_by_slug(options["slug"])
        if store is None:
            raise CommandError(f"there is no store “{options['slug']}”")
        try:
            getattr(self, f"_{options['verb']}")(store, options)
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}" if error.field else str(error)) from error
        except (DatabaseError, psycopg.Error) as error:
            said = " ".join(str(error).split())
            raise CommandError(f"the database stopped it: {said}; do it again when that is mended") from error

    def _suspend(self, store: Store, options: dict[str, Any]) -> None:
        suspend_store(store, reason=options["reason"] or "", by=options["by"], now=timezone.now())
        self.stdout.write(f"{store.slug} is suspended; `store resume {store.slug}` opens it again")

    def _resume(self, store: Store, options: dict[str, Any]) -> None:
        resume_store(store, by=options["by"], now=timezone.now())
        self.stdout.write(f"{store.slug} is open")

    def _archive(self, store: Store, options: dict[str, Any]) -> None:
        self._ask(store, options, f"Nobody will reach {store.name} any more. `store restore` can undo it.")
        archive_store(store, by=options["by"], now=timezone.now())
        day = f"{deletable_from(store):%Y-%m-%d}"
        self.stdout.write(f"{store.slug} is archived; `store restore` brings it back; it can be deleted from {day} on")

    def _restore(self, store: Store, options: dict[str, Any]) -> None:
        restore_store(store, by=options["by"], now=timezone.now())
        self.stdout.write(f"{store.slug} is open, as it was")

    def _delete(self, store: Store, options: dict[str, Any]) -> None:
        self._ask(store, options, f"All tickets, buyers and files of {store.name} go for good. Nothing can undo it.")
        certificate = delete_store(
            store,
            by=options["by"],
            now=timezone.now(),
            reason=options["reason"] or "",
            by_order=options["now_by_order"],
        )
        text = _printed(certificate)
        path = options["certificate"] or settings.CERTIFICATES / f"{store.slug}-{store.schema_name}.json"
        self.stdout.write(text)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"it is deleted, but the certificate above could not be written: {error}") from error
        self.stderr.write(f"{certificate.slug} is deleted; its certificate is in {path}")

    def _certificate(self, slug: str) -> None:
        certificate = certificate_of(slug)
        if certificate is None:
            raise CommandError(f"no store “{slug}” was ever deleted")
        self.stdout.write(_printed(certificate))

    def _ask(self, store: Store, options: dict[str, Any], what: str) -> None:
        """Once, on a terminal; elsewhere nobody could answer. Raises CommandError unless the name is typed."""
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise CommandError(f"{what} Say --yes if you mean it: there is no terminal to ask on.")
        if input(f"{what}\nType {store.slug} to go on: ").strip() != store.slug:
            raise CommandError("nothing was done")


def _printed(certificate: DeletionCertificate) -> str:
    return json.dumps(certificate.signed(), ensure_ascii=False, indent=2)
