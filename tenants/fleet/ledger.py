"""Which migrations a store's schema has, said in a few words; and the ledger that keeps it for every store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.apps import apps as installed
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tenants.fleet.owner import Connection

Node = tuple[str, str]  # (app, migration)
EMPTY: Final = ""  # a schema without any


def store_apps() -> frozenset[str]:
    """The labels of the apps whose tables every store has of its own."""
    return frozenset(installed.get_app_config(name.rpartition(".")[2]).label for name in settings.TENANT_APPS)


def loader() -> MigrationLoader:
    """The migrations on disk, read anew: some 0.1 s."""
    return MigrationLoader(None)


def head(migrations: MigrationLoader) -> str:
    """The state of a schema that has all of them: `tickets.0002_index_words`."""
    return state_of(migrations, migrations.disk_migrations)


def targets(migrations: MigrationLoader) -> list[Node]:
    """The last migration of each app whose tables lie in stores."""
    apps = store_apps()
    return [node for node in migrations.graph.leaf_nodes() if node[0] in apps]


def state_of(migrations: MigrationLoader, applied: Iterable[Node]) -> str:
    """The last applied migration of each store app. One that is not on disk is from newer code, and counts as last."""
    apps = store_apps()
    mine = {node for node in applied if node[0] in apps}
    last = [node for node in mine if not any(child in mine for child in _children(migrations, node))]
    return ", ".join(f"{app}.{name}" for app, name in sorted(last))


def nodes_of(state: str) -> list[Node]:
    """The migrations that a state names."""
    return [(app, name) for app, _dot, name in (part.partition(".") for part in state.split(", ") if part)]


def is_known(migrations: MigrationLoader, state: str) -> bool:
    """False for a schema that newer code has made: this code can't tell what it is."""
    return all(node in migrations.disk_migrations for node in nodes_of(state))


def _children(migrations: MigrationLoader, node: Node) -> Collection[Node]:
    found = migrations.graph.node_map.get(node)
    return [] if found is None else [child.key for child in found.children if child.key[0] == node[0]]


def applied_in(connection: Connection, schemas: Sequence[str]) -> dict[str, list[Node]]:
    """schema → what its own table of migrations says; nothing for one without that table. Two statements."""
    rows = connection.execute(
        "SELECT n.nspname FROM pg_namespace n JOIN pg_class t ON t.relnamespace = n.oid"
        " WHERE t.relname = 'django_migrations' AND n.nspname = ANY(%s)",
        [list(schemas)],
    ).fetchall()
    found: dict[str, list[Node]] = {schema: [] for schema in schemas}
    parts = [
        sql.SQL("SELECT {}, app, name FROM {}").format(sql.Literal(name), sql.Identifier(name, "django_migrations"))
        for (name,) in rows
    ]
    if parts:
        for schema, app, name in connection.execute(sql.SQL(" UNION ALL ").join(parts)):
            found[schema].append((app, name))
    return found


@dataclass(frozen=True)
class Entry:
    """A store's line in the ledger. `at` is None where there is none yet."""

    store: int
    schema: str
    slug: str
    at: str | None


_ENTRIES = """
SELECT store.id, store.schema_name, store.slug, record.at
FROM public.tenants_store store LEFT JOIN public.tenants_schemarecord record ON record.store_id = store.id
WHERE store.state NOT IN ('requested', 'failed', 'archived', 'deleting') {} ORDER BY store.id
"""


def entries(connection: Connection, *, not_at: str | None = None) -> list[Entry]:
    """The stores that have a schema of their name; only those whose schema is not at that state, if one is named.

    An archived one is left alone: restoring it brings it to head. One query.
    """
    if not_at is None:
        rows = connection.execute(_ENTRIES.format("")).fetchall()
    else:
        rows = connection.execute(_ENTRIES.format("AND record.at IS DISTINCT FROM %s"), [not_at]).fetchall()
    return [Entry(*row) for row in rows]


def write(connection: Connection, store: int, at: str) -> None:
    """The schema is at this state now, and nothing is wrong with it."""
    connection.execute(
        "INSERT INTO public.tenants_schemarecord (store_id, at, changed_at, failure) VALUES (%s, %s, now(), '')"
        " ON CONFLICT (store_id) DO UPDATE SET at = excluded.at, changed_at = now(), failure = '', failed_at = NULL",
        [store, at],
    )


def write_failure(connection: Connection, store: int, failure: str) -> None:
    """What stopped the migration of this schema, which stays at the state it had."""
    connection.execute(
        "UPDATE public.tenants_schemarecord SET failure = %s, failed_at = now() WHERE store_id = %s",
        [failure[:1000], store],
    )


def correct(connection: Connection, migrations: MigrationLoader, known: Sequence[Entry]) -> list[Entry]:
    """The same entries as their schemas' own tables of migrations have them; the ledger is made to say so too.

    They differ where there is no line yet, and where Django migrated a schema and was killed before the ledger heard.
    """
    applied = applied_in(connection, [entry.schema for entry in known])
    found = []
    for entry in known:
        at = state_of(migrations, applied[entry.schema])
        if at != entry.at:
            write(connection, entry.store, at)
        found.append(replace(entry, at=at))
    return found
