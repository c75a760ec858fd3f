"""The people of an archive, as people of this deployment: known by their e-mail, or made, without a way in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connections, models
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.fleet.archive.format import PEOPLE, bad
from tenants.fleet.owner import Connection
from tenants.models import User
from tenants.postgresql.roles import OWNER

AT_ONCE: Final = 500
# What loading looks ids up in; gone with the transaction.
MAP: Final = sql.SQL("pg_temp.archive_people")


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    name: str
    is_needed: bool


def read_person(row: bytes) -> Person:
    """Raises BadArchive."""
    try:
        read = json.loads(row)
        person = Person(read["id"], read["email"], read["name"], read["is_needed"])
        validate_email(person.email)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
        raise bad(PEOPLE, _("it is damaged")) from error
    kinds = (type(person.id), type(person.name), type(person.is_needed))
    if kinds != (int, str, bool) or len(person.email) > 254 or len(person.name) > 80 or "\x00" in person.name:
        raise bad(PEOPLE, _("it is damaged"))
    return person


def map_people(connection: Connection, rows: Iterable[bytes]) -> list[int]:
    """Fills MAP: old id → new. Returns the ids of those who were made: inactive, without a password that fits.

    Being known here lends somebody what they wrote, and opens nothing: access is never read off a row of theirs.
    """
    connection.execute(
        sql.SQL("CREATE TEMP TABLE archive_people (old bigint PRIMARY KEY, new bigint NOT NULL) ON COMMIT DROP")
    )
    made: list[int] = []
    waiting = (person for person in map(read_person, rows) if person.is_needed)
    while people := list(islice(waiting, AT_ONCE)):
        emails = [person.email.lower() for person in people]
        found = connection.execute(
            "SELECT lower(email), id FROM public.tenants_user WHERE lower(email) = ANY(%s)", [emails]
        )
        known: dict[str, int] = dict(found.fetchall())
        for person, email in zip(people, emails, strict=True):
            if email not in known:
                known[email] = insert(connection, _stranger(email, person.name))
                made.append(known[email])
        with connection.cursor() as cursor:
            pairs = [(person.id, known[email]) for person, email in zip(people, emails, strict=True)]
            cursor.executemany(sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(MAP), pairs)
    return made


def insert(connection: Connection, row: models.Model) -> int:
    """Writes a new row of a public table as the owner, in the owner's transaction. Returns its id."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    values: list[Any] = [field.get_db_prep_save(field.pre_save(row, True), connections[OWNER]) for field in fields]
    query = sql.SQL("INSERT INTO public.{} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(row._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields]),
        sql.SQL(", ").join(sql.Placeholder() * len(fields)),
    )
    [(made,)] = connection.execute(query, values).fetchall()
    return int(made)


def _stranger(email: str, name: str) -> User:
    person = User(email=email, name=name, is_active=False)
    person.set_unusable_password()
    return person
