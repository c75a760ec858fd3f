"""The template: a schema that has every table of a store and no row, kept at head. New stores are made like it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.errors import DomainError
from tenants.fleet import ledger
from tenants.fleet.catalogue import ddl_of
from tenants.fleet.execute import Step, execute
from tenants.fleet.owner import Connection

TEMPLATE: Final = "template"


class TemplateBehind(DomainError):
    """A store would be made with yesterday's tables."""

    code = "template_behind"
    status = 503
    message = _("The template of new stores is not up to date: run manage.py migrate first.")


@dataclass(frozen=True)
class Blueprint:
    """What makes a store's tables, run in an empty schema with `search_path = <schema>, public`."""

    at: str
    ddl: str
    migrations: tuple[ledger.Node, ...]


def state(connection: Connection) -> str | None:
    """What the template is at, as its comment says; None where there is no template yet."""
    row = connection.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s", [TEMPLATE]
    ).fetchone()
    return row[0] if row else None


def bring_to_head(connection: Connection, migrations: MigrationLoader) -> tuple[str, list[Step]]:
    """Migrates the template for real. Returns the state that it had and the steps from there, for whoever is there."""
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE)))
    before = ledger.state_of(migrations, ledger.applied_in(connection, [TEMPLATE])[TEMPLATE])
    steps = execute(TEMPLATE, ledger.targets(migrations))
    at = sql.Literal(ledger.head(migrations))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(TEMPLATE), at))
    return before, steps


@cache
def code_head() -> str:
    """The head of the code that runs here, which does not change under a process."""
    return ledger.head(ledger.loader())


_blueprints: dict[str, Blueprint] = {}


def blueprint(connection: Connection) -> Blueprint:
    """The template as a script, read once a process. Raises TemplateBehind where there is none at head."""
    at = code_head()
    if state(connection) != at:
        raise TemplateBehind
    if at not in _blueprints:
        ddl = ";\n".join(ddl_of(connection, TEMPLATE))
        _blueprints[at] = Blueprint(at, ddl, tuple(ledger.applied_in(connection, [TEMPLATE])[TEMPLATE]))
    return _blueprints[at]


def forget() -> None:
    """For whoever changes the migrations under a running process: tests and benchmarks."""
    code_head.cache_clear()
    _blueprints.clear()
