"""What PostgreSQL's catalogue knows of a schema: the statements that make its tables anew, and facts to compare by.

Knows no Django. Reads through the connection that it is given, inside whatever transaction that is in, and leaves the
connection's settings as they were. What lives in a schema is read off pg_depend, so that a kind of object that nobody
thought of shows, too. Names in facts and statements are quoted where SQL wants it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

Read = Callable[[str], list[tuple[Any, ...]]]

# Constants are printed by these: the same in every session, and read back the same in any. The path decides which
# names are printed with their schema.
SETTINGS = """
SELECT set_config('search_path', %s, true), set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'postgres', true), set_config('timezone', 'UTC', true),
    set_config('quote_all_identifiers', 'off', true)
"""

TABLES = """
SELECT n.nspname, quote_ident(c.relname), coalesce(' WITH (' || (
    SELECT string_agg(quote_ident(o.option_name) || '=' || quote_literal(o.option_value), ', ' ORDER BY o.option_name)
    FROM pg_options_to_table(c.reloptions) o) || ')', '')
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
WHERE n.nspname = ANY(%(schemas)s) AND c.relkind = 'r' ORDER BY n.nspname, c.relname
"""

# PostgreSQL 18 names each NOT NULL; one that is not validated yet is read with the constraints.
COLUMNS = """
SELECT n.nspname, quote_ident(c.relname), quote_ident(a.attname),
    concat_ws(' ', format_type(a.atttypid, a.atttypmod),
        CASE a.attcompression WHEN 'p' THEN 'COMPRESSION pglz' WHEN 'l' THEN 'COMPRESSION lz4' END,
        CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END),
    a.attnotnull AND coalesce(nn.convalidated, true), 'CONSTRAINT ' || quote_ident(nn.conname),
    CASE WHEN a.attgenerated <> '' THEN 'GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid)
            || CASE a.attgenerated WHEN 's' THEN ') STORED' ELSE ') VIRTUAL' END
        WHEN a.attidentity <> '' THEN concat(
            'GENERATED ', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
            ' AS IDENTITY (SEQUENCE NAME ', quote_ident(s.relname), ' START WITH ', q.seqstart,
            ' INCREMENT BY ', q.seqincrement, ' MINVALUE ', q.seqmin, ' MAXVALUE ', q.seqmax,
            ' CACHE ', q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' END, ')')
        ELSE 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END,
    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_constraint nn ON nn.conrelid = c.oid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum
LEFT JOIN (pg_depend o JOIN pg_sequence q ON q.seqrelid = o.objid JOIN pg_class s ON s.oid = o.objid)
    ON o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid AND o.refobjsubid = a.attnum
    AND o.classid = 'pg_class'::regclass AND o.deptype = 'i'
WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p', 'f') ORDER BY n.nspname, c.relname, a.attnum
"""

CONSTRAINTS = """
SELECT n.nspname, quote_ident(c.relname), quote_ident(con.conname), con.contype = 'f', pg_get_constraintdef(con.oid),
    f.relnamespace = n.oid OR f.relnamespace = 'public'::regnamespace
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_constraint con ON con.conrelid = c.oid
LEFT JOIN pg_class f ON f.oid = con.confrelid
WHERE n.nspname = ANY(%(schemas)s) AND con.contype <> 't' AND (con.contype <> 'n' OR NOT con.convalidated)
ORDER BY con.contype = 'f', n.nspname, c.relname, con.contype <> 'p', con.conname
"""

INDEXES = """
SELECT n.nspname, quote_ident(c.relname), quote_ident(x.relname), pg_get_indexdef(i.indexrelid), i.indisvalid
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_index i ON i.indrelid = c.oid
JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
WHERE n.nspname = ANY(%(schemas)s) AND (con.oid IS NULL OR NOT i.indisvalid)
ORDER BY n.nspname, c.relname, x.relname
"""

COMMENTS = """
SELECT n.nspname, CASE c.relkind WHEN 'i' THEN 'INDEX' WHEN 'S' THEN 'SEQUENCE' ELSE
    CASE WHEN a.attname IS NULL THEN 'TABLE' ELSE 'COLUMN' END END,
    concat_ws('.', quote_ident(c.relname), quote_ident(a.attname)), d.description, quote_literal(d.description)
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE n.nspname = ANY(%(schemas)s)
UNION ALL
SELECT n.nspname, 'CONSTRAINT', quote_ident(con.conname) || ' ON ' || quote_ident(c.relname),
    d.description, quote_literal(d.description)
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_constraint con ON con.conrelid = c.oid
JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = con.oid
WHERE n.nspname = ANY(%(schemas)s)
ORDER BY 1, 2, 3
"""

# Whatever ddl_of can't make: objects that live in the schema or hang on its relations, by their dependencies; then
# what an ordinary table, column, index or foreign key may have out of the ordinary. That an object is there says it
# all, for no template has it; so no definitions.
OTHERS = """
WITH home AS (SELECT n.oid, n.nspname FROM pg_namespace n WHERE n.nspname = ANY(%(schemas)s)),
found AS (
    SELECT home.nspname, d.classid, d.objid
    FROM home JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = home.oid
    WHERE d.classid <> 'pg_default_acl'::regclass AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (
        SELECT FROM pg_class c WHERE c.oid = d.objid AND (c.relkind = 'r' OR c.relkind = 'S' AND EXISTS (
            SELECT FROM pg_depend o JOIN pg_sequence q ON q.seqrelid = o.objid
            JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid AND a.atttypid = q.seqtypid
            WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.refclassid = 'pg_class'::regclass
                AND o.deptype = 'i'))))
    UNION
    SELECT home.nspname, d.classid, d.objid
    FROM home JOIN pg_class c ON c.relnamespace = home.oid
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
    WHERE d.classid <> ALL (ARRAY['pg_class', 'pg_type', 'pg_constraint', 'pg_attrdef']::regclass[])
        AND NOT EXISTS (SELECT FROM pg_rewrite r WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            AND r.rulename = '_RETURN')
)
SELECT found.nspname, i.type || ' ' || i.identity, ''
FROM found CROSS JOIN LATERAL pg_identify_object(found.classid, found.objid, 0) i
UNION ALL
SELECT home.nspname, k.what || ' of ' || quote_ident(c.relname), k.how
FROM home JOIN pg_class c ON c.relnamespace = home.oid AND c.relkind IN ('r', 'i')
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_am am ON am.oid = c.relam AND c.relkind = 'r'
CROSS JOIN LATERAL (VALUES
    ('inheritance', (SELECT string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno) FROM pg_inherits h
        WHERE h.inhrelid = c.oid)),
    ('children', (SELECT string_agg(h.inhrelid::regclass::text, ', ' ORDER BY h.inhrelid) FROM pg_inherits h
        WHERE h.inhparent = c.oid AND c.relhassubclass)),
    ('persistence', nullif(c.relpersistence, 'p')::text),
    ('row security', CASE WHEN c.relforcerowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'enabled' END),
    ('replica identity', CASE WHEN c.relkind = 'r' THEN nullif(c.relreplident, 'd')::text END),
    ('row type', nullif(c.reloftype, 0)::regtype::text),
    ('tablespace', (SELECT spcname::text FROM pg_tablespace WHERE oid = c.reltablespace)),
    ('access method', nullif(am.amname, 'heap')::text),
    ('toast parameters', toast.reloptions::text),
    ('clustering', (SELECT 'on' FROM pg_index x WHERE x.indexrelid = c.oid AND x.indisclustered))
) k (what, how) WHERE k.how IS NOT NULL
UNION ALL
SELECT home.nspname, 'planner settings of ' || quote_ident(c.relname) || '.' || quote_ident(a.attname),
    concat_ws(' ', a.attstattarget, a.attoptions)
FROM home JOIN pg_class c ON c.relnamespace = home.oid JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attstattarget >= 0 OR a.attoptions IS NOT NULL)
UNION ALL
SELECT DISTINCT home.nspname, 'triggers of ' || quote_ident(c.relname) || '.' || quote_ident(con.conname), 'disabled'
FROM home JOIN pg_class c ON c.relnamespace = home.oid JOIN pg_constraint con ON con.conrelid = c.oid
JOIN pg_trigger g ON g.tgconstraint = con.oid
WHERE g.tgisinternal AND g.tgenabled <> 'O'
"""

# One row per grantee, the owner among them: two agencies that may read a store must not look like one.
PRIVILEGES = """
WITH home AS (SELECT n.* FROM pg_namespace n WHERE n.nspname = ANY(%(schemas)s)),
relation AS (SELECT home.nspname, c.* FROM home JOIN pg_class c ON c.relnamespace = home.oid
    WHERE c.relkind NOT IN ('i', 'I', 'c')),
held (schema, fact, owner, acl) AS (
    SELECT nspname, 'schema', nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM home
    UNION ALL
    SELECT nspname, 'privileges on ' || quote_ident(relname), relowner,
        coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) FROM relation
    UNION ALL
    SELECT r.nspname, 'privileges on ' || quote_ident(r.relname) || '.' || quote_ident(a.attname), r.relowner, a.attacl
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT home.nspname, format('default privileges of %%I on %%s', pg_get_userbyid(d.defaclrole), CASE d.defaclobjtype
        WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' END),
        d.defaclrole, d.defaclacl
    FROM home JOIN pg_default_acl d ON d.defaclnamespace = home.oid
)
SELECT held.schema, held.fact, CASE g.role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.role) END,
    string_agg(DISTINCT g.privilege, ', ')
FROM held CROSS JOIN LATERAL (
    SELECT held.owner, 'OWNER'
    UNION ALL
    SELECT grantee, privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END FROM aclexplode(held.acl)
) g (role, privilege)
GROUP BY 1, 2, g.role
"""

# The view of running builds is what tells an index that is being built from one that was left.
INVALID_INDEXES = """
SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
WHERE n.nspname = ANY(%(schemas)s) AND NOT i.indisvalid
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
ORDER BY x.relname
"""

# Literals, quoted names and plain names as PostgreSQL prints them; a name takes along the dot that makes it a schema's.
TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"\.?|[\w$]+\.?""")


class Unknown(Exception):
    """An object that ddl_of can't make anew, or a schema that does not exist; the message names it."""


@dataclass(frozen=True)
class Difference:
    """One fact that is not as the template's. `expected` is empty when it is extra, `found` when it is missing."""

    kind: Literal["missing", "extra", "differs"]
    name: str
    expected: str
    found: str

    def __str__(self) -> str:
        if self.kind == "differs":
            return f"{self.name} differs: expected {self.expected or 'nothing'}, found {self.found or 'nothing'}"
        return f"{self.kind} {self.name}"


def ddl_of(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """The statements that make the schema's tables anew in an empty one, with the search_path `that one, public`.

    To be executed one by one and without parameters (a % is a %). Foreign keys come last, since those to public tables
    take locks there. Owners, privileges and rows are not copied. Raises Unknown rather than leave something out.
    """
    path = sql.SQL("{}, public, pg_temp").format(sql.Identifier(schema)).as_string(connection)
    with _reading(connection, [schema], path) as read:
        if not read("SELECT FROM pg_namespace WHERE nspname = ANY(%(schemas)s)"):
            raise Unknown(f"schema {schema}")
        if others := sorted({_without_schema(what, schema) for _schema, what, _how in read(OTHERS)}):
            raise Unknown(", ".join(others))
        keys, foreign_keys = _constraints(read)
        comments, comments_on_constraints = _comments(read)
        statements = [*_tables(read), *keys, *_indexes(read, schema), *comments]
        statements += [*foreign_keys, *comments_on_constraints]
    for statement in statements:
        if _without_schema(statement, schema) != statement:
            raise Unknown(f"name that is found only with its schema, in: {statement}")
    return statements


def facts_of(connection: psycopg.Connection[Any], schemas: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each schema all that must be as in the template, as name → definition; {} for one that does not exist.

    Schemas of equal structure give equal facts: their own name is left out, a role of that name is written `store`, one
    that begins with a_ `agency` (whose, the facts don't tell). The order of columns and the names that PostgreSQL 18
    gives to NOT NULL are no facts. Seven queries, however many schemas; 1,000 with six tables each take 1.5 s.
    """
    facts: dict[str, dict[str, str]] = {schema: {} for schema in schemas}
    with _reading(connection, schemas, "") as read:
        for schema, name, definition in _facts(read):
            facts[schema][sys.intern(name)] = sys.intern(definition)
    return facts


def differences(template: dict[str, str], store: dict[str, str]) -> list[Difference]:
    """What of the store's facts is not as the template's, by name."""
    found = [Difference("missing", name, template[name], "") for name in template.keys() - store.keys()]
    found += [Difference("extra", name, "", store[name]) for name in store.keys() - template.keys()]
    found += [
        Difference("differs", name, template[name], store[name])
        for name in template.keys() & store.keys()
        if template[name] != store[name]
    ]
    return sorted(found, key=lambda difference: difference.name)


def invalid_indexes(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """Unquoted names of the indexes that a CREATE INDEX CONCURRENTLY left invalid; not those that are being built.

    Whoever drops them keeps other builds away meanwhile: one that ends at this very moment may be taken for left.
    """
    with _reading(connection, [schema], "") as read:
        return [name for (name,) in read(INVALID_INDEXES)]


@contextmanager
def _reading(connection: psycopg.Connection[Any], schemas: Sequence[str], path: str) -> Iterator[Read]:
    """Hands out read(query) → rows, with settings that are gone afterwards: reading leaves nothing to commit."""
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(SETTINGS, [path])
        yield lambda query: cursor.execute(query, {"schemas": list(schemas)}).fetchall()


def _without_schema(text: str, schema: str) -> str:
    """The text without `schema.` before a name; what stands in literals and in other names is left alone."""
    names = {f"{schema}.", '"' + schema.replace('"', '""') + '".'}
    if not any(name in text for name in names):
        return text
    return TOKEN.sub(lambda token: "" if token[0] in names else token[0], text)


def _tables(read: Read) -> Iterator[str]:
    columns: dict[str, list[str]] = {}
    stored = []
    for _schema, table, column, kind, required, not_null_name, value, storage in read(COLUMNS):
        not_null = f"{not_null_name or ''} NOT NULL".lstrip() if required else None
        columns.setdefault(table, []).append(" ".join(filter(None, (column, kind, not_null, value))))
        if storage:  # PostgreSQL 15 does not take it within CREATE TABLE
            stored.append(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {storage}")
    for _schema, table, options in read(TABLES):
        yield f"CREATE TABLE {table} ({', '.join(columns.get(table, []))}){options}"
    yield from stored


def _constraints(read: Read) -> tuple[list[str], list[str]]:
    keys: list[str] = []
    foreign_keys: list[str] = []
    for _schema, table, name, foreign, definition, allowed in read(CONSTRAINTS):
        if allowed is False:
            raise Unknown(f"foreign key {table}.{name} to another schema")
        (foreign_keys if foreign else keys).append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    return keys, foreign_keys


def _indexes(read: Read, schema: str) -> Iterator[str]:
    for _schema, table, name, definition, valid in read(INDEXES):
        if not valid:
            raise Unknown(f"invalid index {table}.{name}")
        yield _without_schema(definition, schema)  # the table is printed with it, whatever the path


def _comments(read: Read) -> tuple[list[str], list[str]]:
    on_relations: list[str] = []
    on_constraints: list[str] = []
    for _schema, kind, target, _text, literal in read(COMMENTS):
        comments = on_constraints if kind == "CONSTRAINT" else on_relations
        comments.append(f"COMMENT ON {kind} {target} IS {literal}")
    return on_relations, on_constraints


def _facts(read: Read) -> Iterator[tuple[str, str, str]]:
    """(schema, name, definition) of every fact."""
    for schema, table, options in read(TABLES):
        yield schema, f"table {table}", options.lstrip()
    for schema, table, column, kind, required, _not_null_name, value, storage in read(COLUMNS):
        words = (kind, "NOT NULL" if required else None, value, storage and f"STORAGE {storage}")
        yield schema, f"column {table}.{column}", _without_schema(" ".join(filter(None, words)), schema)
    for schema, table, name, foreign, definition, _allowed in read(CONSTRAINTS):
        kind = "foreign key" if foreign else "constraint"
        yield schema, f"{kind} {table}.{name}", _without_schema(definition, schema)
    for schema, table, name, definition, valid in read(INDEXES):
        yield schema, f"index {table}.{name}", _without_schema(definition, schema) + ("" if valid else " INVALID")
    for schema, kind, target, text, _literal in read(COMMENTS):
        yield schema, f"comment on {kind.lower()} {target}", text
    for schema, what, how in read(OTHERS):
        yield schema, _without_schema(what, schema), _without_schema(how, schema)
    yield from _privileges(read)


def _privileges(read: Read) -> Iterator[tuple[str, str, str]]:
    held: dict[tuple[str, str], list[str]] = {}
    for schema, fact, role, privileges in read(PRIVILEGES):
        who = "store" if role == schema else "agency" if role.startswith("a_") else role
        held.setdefault((schema, fact), []).append(f"{who} {privileges}")
    for (schema, fact), entries in held.items():
        yield schema, fact, "; ".join(sorted(entries))
