"""The fence in the database: roles, grants and row security, written from what the models declare.

`apply` is part of every migration of public: it compares what should be with what it last wrote, and touches nothing
when that is the same. Every public table that refers to an agency or a store gets a policy by itself, so that none
can be forgotten; a table whose model declares no grants is out of reach for everybody but the owner.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from tenants.models.grants import EVERYTHING, Grants
from tenants.postgresql.roles import OWNER, Part, role_name

AGENCIES: Final = "tenants_agency"
STORES: Final = "tenants_store"

# Tables of other people's apps.
OTHERS: Final = {
    "django_session": Grants(desk=EVERYTHING),
    "cache": Grants(desk=EVERYTHING),
    "account_emailaddress": Grants(desk=EVERYTHING),
    "account_emailconfirmation": Grants(desk=EVERYTHING),
    # The names of our models, which the admin's pages ask for. Nobody's data.
    "django_content_type": Grants(desk="SELECT"),
    # The admin writes its history to tenants.Change instead.
    "django_admin_log": Grants(),
    "auth_permission": Grants(),
    "auth_group": Grants(),
    "auth_group_permissions": Grants(),
    "tenants_user_groups": Grants(),
    "tenants_user_user_permissions": Grants(),
}

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION public.fence_agency() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('fence.agency', true), '')::bigint $$;
CREATE OR REPLACE FUNCTION public.fence_store() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('fence.store', true), '')::bigint $$
"""

_TABLES = """
SELECT t.relname, t.relrowsecurity, array(
         SELECT a.attname || ' ' || f.confrelid::regclass::text || ' ' || a.attnotnull
         FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
         WHERE f.conrelid = t.oid AND f.contype = 'f' AND f.confrelid::regclass::text IN (%s, %s)
         ORDER BY a.attname), array(
         SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = t.oid ORDER BY p.polname)
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = 'public' AND t.relkind IN ('r', 'p') ORDER BY t.relname
"""


@dataclass(frozen=True)
class Reference:
    """A column that says whose a row is."""

    column: str
    target: str
    required: bool

    def rule(self, store_rule: str) -> str:
        return store_rule.format(self.column) if self.target == STORES else f"{self.column} = public.fence_agency()"


@dataclass(frozen=True)
class PublicTable:
    name: str
    is_fenced: bool
    references: tuple[Reference, ...] = ()
    policies: tuple[str, ...] = field(default=(), compare=False)

    @property
    def carries(self) -> bool:
        """Whether a row of it is some agency's or some store's."""
        return bool(self.references) or self.name in (AGENCIES, STORES)


def public_tables(cursor: Any) -> list[PublicTable]:
    """Every table of public, with the columns that refer to agencies and stores. One query."""
    cursor.execute(_TABLES, [AGENCIES, STORES])
    found = []
    for name, is_fenced, references, policies in cursor.fetchall():
        parts = [text.split(" ") for text in references]
        read = tuple(Reference(column, target, required == "true") for column, target, required in parts)
        found.append(PublicTable(name, is_fenced, read, tuple(policies)))
    return found


def login() -> str:
    """The login of web, worker and clock."""
    return str(settings.DATABASES["default"]["USER"])


def apply(*, anew: bool = False) -> bool:
    """Makes the fence what the models say, as the owner. Whether there was anything to do; `anew` writes it anyway."""
    connection = connections[OWNER]
    make_roles(connection)
    with transaction.atomic(using=OWNER), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('deskfleet fence'))")
        statements = list(_statements(public_tables(cursor), connection.settings_dict["NAME"]))
        mark = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        cursor.execute("SELECT obj_description(to_regprocedure('public.fence_agency()'), 'pg_proc')")
        if cursor.fetchone()[0] == mark and not anew:
            return False
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(sql.SQL("COMMENT ON FUNCTION public.fence_agency() IS {}").format(sql.Literal(mark)))
    return True


def make_roles(connection: Any) -> None:
    """The login and the three roles that it may become. They are the whole server's, and others may make them too."""
    name, password = login(), settings.DATABASES["default"].get("PASSWORD", "")
    roles = {part: role_name(name, part) for part in Part}
    _make_role(connection, name, "LOGIN NOINHERIT")
    for role in roles.values():
        _make_role(connection, role, "NOLOGIN")
    with connection.cursor() as cursor:
        if password:
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
        for part in (Part.DESK, Part.OPERATOR):
            if not is_member(cursor, name, roles[part]):
                cursor.execute(_sql("GRANT {} TO {}", roles[part], name))


def is_member(cursor: Any, member: str, role: str) -> bool:
    cursor.execute(
        "SELECT 1 FROM pg_auth_members WHERE roleid = to_regrole(%s) AND member = to_regrole(%s)",
        [f'"{role}"', f'"{member}"'],
    )
    return cursor.fetchone() is not None


def _make_role(connection: Any, name: str, kind: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regrole(%s)", [f'"{name}"'])
        if cursor.fetchone()[0] is not None:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(_sql(f"CREATE ROLE {{}} {kind}", name))
        except Exception as error:
            if not isinstance(error.__cause__, psycopg.errors.DuplicateObject | psycopg.errors.UniqueViolation):
                raise  # another database of this server made it meanwhile


def _statements(tables: list[PublicTable], database: str) -> Iterator[str]:
    """All of it, whatever stands: what is no longer declared is taken away."""
    name = login()
    roles = {"door": name, **{part.value: role_name(name, part) for part in Part}}
    everyone = ", ".join(_name(role) for role in roles.values())
    yield _FUNCTIONS
    yield f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {_name(database)} TO {_name(name)}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    declared = declared_grants()
    for table in tables:
        target = f"public.{_name(table.name)}"
        granted = {part: getattr(declared.get(table.name), part, "") for part in roles}
        # Policies first, for they lock the table: after a GRANT, which does not, autovacuum may wait for us there
        # while we wait for it.
        for policy in table.policies:
            yield f"DROP POLICY {_name(policy)} ON {target}"
        if table.carries:
            yield f"ALTER TABLE {target} ENABLE ROW LEVEL SECURITY"
            for part, privileges in granted.items():
                if privileges:
                    rule = _rule(table, part)
                    if part == "desk" and declared[table.name].whole_agency:
                        rule += " AND public.fence_store() IS NULL"
                    yield f"CREATE POLICY {part} ON {target} TO {_name(roles[part])} USING ({rule})"
        yield f"REVOKE ALL ON {target} FROM PUBLIC, {everyone}"
        for part, privileges in granted.items():
            if privileges:
                yield f"GRANT {privileges} ON {target} TO {_name(roles[part])}"
    for view in declared_views():
        yield f"REVOKE ALL ON public.{_name(view)} FROM PUBLIC, {everyone}"
        for part, role in roles.items():
            if privileges := getattr(declared[view], part):
                yield f"GRANT {privileges} ON public.{_name(view)} TO {_name(role)}"


def _rule(table: PublicTable, part: str) -> str:
    """Which rows a role sees and may write. Of a table that names several owners, each that is named must be seen."""
    if part in ("door", "operator"):
        return "true"
    if table.name == AGENCIES:
        return "id = public.fence_agency()"
    # EXISTS and not IN: for one row the planner looks up one store; for many it still reads all of the agency's once.
    seen = f"EXISTS (SELECT FROM public.tenants_store seen WHERE seen.id = {_name(table.name)}.{{}})"
    of_store = "{} = public.fence_store()" if part == "store" else seen
    if table.name == STORES:
        mine = "id = public.fence_store()"
        at_host = mine if part == "store" else f"(public.fence_store() IS NULL OR {mine})"
        return f"agency_id = public.fence_agency() AND {at_host}"
    rules = [
        r.rule(of_store) if r.required else f"({r.column} IS NULL OR {r.rule(of_store)})" for r in table.references
    ]
    if not any(reference.required for reference in table.references):
        rules.append(f"num_nonnulls({', '.join(reference.column for reference in table.references)}) > 0")
    return " AND ".join(rules)


def declared_grants() -> dict[str, Grants]:
    """table → what its model declares."""
    own = {m._meta.db_table: m.grants for m in apps.get_models() if hasattr(m, "grants")}
    return {**OTHERS, **own}


def declared_views() -> list[str]:
    """Views that narrow by the fence themselves, where row security would cost an index: unmanaged, with grants."""
    models = [model for model in apps.get_models() if hasattr(model, "grants") and not model._meta.managed]
    return sorted(model._meta.db_table for model in models)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))
