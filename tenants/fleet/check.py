"""Holes in the fence, read off PostgreSQL's catalogue: what really stands there, whatever was meant to be written.

Every question is about the login of the processes and the roles that it may become, and needs no power to be asked.
What other roles of the same server may do is their owner's decision.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

from tenants.fleet.fence import declared_views, login, public_tables
from tenants.postgresql.roles import Part, role_name

MOST: Final = 10  # lines per question: a fence that was never there has thousands

# Every role that the login may become, itself among them. Stores and agencies share the server with other databases.
_REACH = """
WITH RECURSIVE reach AS (
  SELECT oid FROM pg_roles WHERE rolname = %(login)s
  UNION SELECT m.roleid FROM pg_auth_members m JOIN reach ON m.member = reach.oid
), role AS (
  SELECT r.*, r.rolname = ANY(%(parts)s) AS is_part,
         r.rolname ~ '^s_[0-9a-z]{4,40}$' AS is_store, r.rolname ~ '^a_[0-9a-f]{20}$' AS is_reader,
         EXISTS (SELECT FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid AND b.datname = current_database()
                 WHERE d.refobjid = r.oid) AS is_here
  FROM pg_roles r JOIN reach USING (oid)
), relation AS (
  SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
), privilege AS (
  SELECT r.oid, r.nspname, r.relname, r.relkind, acl.grantee, acl.privilege_type
  FROM relation r, aclexplode(r.relacl) acl WHERE acl.grantee <> r.relowner
  UNION ALL
  SELECT r.oid, r.nspname, r.relname, r.relkind, acl.grantee, acl.privilege_type
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL, aclexplode(a.attacl) acl
  WHERE acl.grantee <> r.relowner
)
"""

# What is wrong → the names of what it is wrong with.
_QUESTIONS: Final = {
    "the role {} has powers over the whole server": """
        SELECT rolname FROM role WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication""",
    "the login may become {}, which is no role of the fence": """
        SELECT rolname FROM role WHERE NOT (is_part OR is_store OR is_reader)""",
    "the login has the rights of {} without becoming it": """
        SELECT rolname FROM role WHERE rolname <> %(login)s AND pg_has_role(%(login)s, oid, 'USAGE')""",
    "{}, though a store is of the stores' group alone, and a reader of the readers'": """
        SELECT role.rolname || ' is also ' || more.rolname FROM role JOIN pg_auth_members m ON m.member = role.oid
        JOIN pg_roles more ON more.oid = m.roleid
        WHERE role.is_store AND role.is_here AND more.rolname <> %(store)s
           OR role.is_reader AND role.is_here AND more.rolname <> %(reader)s
           OR role.is_part AND role.rolname <> %(login)s""",
    "{}, and an owner is held by no policy": """
        SELECT role.rolname || ' owns ' || thing.name FROM role JOIN (
          SELECT relowner, relname::text FROM pg_class UNION ALL SELECT nspowner, nspname FROM pg_namespace
          UNION ALL SELECT proowner, proname FROM pg_proc UNION ALL SELECT datdba, datname FROM pg_database
        ) thing (owner, name) ON thing.owner = role.oid""",
    "everybody may {} in this database": """
        SELECT acl.privilege_type FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) acl
        WHERE d.datname = current_database() AND acl.grantee = 0""",
    "everybody may do something with {}": """
        SELECT DISTINCT nspname || '.' || relname FROM privilege WHERE grantee = 0
        UNION ALL SELECT 'the schema ' || nspname FROM pg_namespace n, aclexplode(n.nspacl) acl
        WHERE acl.grantee = 0 AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'""",
    "{}": """
        SELECT role.rolname || ' may make things in ' || thing.name FROM role JOIN (
          SELECT acl.grantee, 'the schema ' || nspname FROM pg_namespace, aclexplode(nspacl) acl
          WHERE acl.privilege_type = 'CREATE' UNION ALL
          SELECT acl.grantee, 'the database' FROM pg_database, aclexplode(datacl) acl
          WHERE datname = current_database() AND acl.privilege_type IN ('CREATE', 'TEMPORARY')
        ) thing (grantee, name) ON thing.grantee = role.oid""",
    "no policy narrows {}": """
        SELECT DISTINCT p.relname || ' for ' || role.rolname FROM privilege p JOIN role ON role.oid = p.grantee
        WHERE p.nspname = 'public' AND p.relname = ANY(%(carrying)s)
          AND NOT EXISTS (SELECT FROM pg_policy y WHERE y.polrelid = p.oid AND role.oid = ANY(y.polroles))""",
    "a policy shows every row of {}": """
        SELECT c.relname || ' to ' || coalesce(r.rolname, 'everybody') FROM pg_policy y
        JOIN pg_class c ON c.oid = y.polrelid CROSS JOIN unnest(y.polroles) of_role
        LEFT JOIN pg_roles r ON r.oid = of_role
        WHERE c.relname = ANY(%(carrying)s) AND y.polpermissive
          AND coalesce(r.rolname, '') NOT IN (%(login)s, %(operator)s)
          AND (of_role = 0 OR 'true' IN (pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)))""",
    "{} goes by the owner's rights, past every policy": """
        SELECT DISTINCT p.relname FROM privilege p JOIN role ON role.oid = p.grantee
        WHERE p.nspname = 'public' AND p.relkind IN ('v', 'm', 'f')
          AND NOT (p.relkind = 'v' AND p.relname = ANY(%(views)s) AND p.privilege_type = 'SELECT'
                   AND pg_get_viewdef(p.oid) LIKE '%%agency_id = fence_agency()%%')
        UNION ALL SELECT f.proname FROM pg_proc f WHERE f.prosecdef AND f.pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e')""",
    "{}, which is not its own": """
        SELECT DISTINCT role.rolname || ' may ' || p.privilege_type || ' in ' || p.nspname
        FROM privilege p JOIN role ON role.oid = p.grantee
        WHERE p.nspname <> 'public' AND p.nspname <> role.rolname
          AND NOT (role.is_reader AND p.privilege_type = 'SELECT')
           OR p.nspname = 'public' AND NOT role.is_part""",
    "several agencies read in {}": """
        SELECT p.nspname FROM privilege p JOIN role ON role.oid = p.grantee
        WHERE role.is_reader GROUP BY p.nspname HAVING count(DISTINCT p.grantee) > 1""",
}


def holes(cursor: Any) -> list[str]:
    """What lets somebody through, a line each; nothing while there are no tables yet. By any login, from public."""
    cursor.execute("SELECT to_regclass('public.tenants_store'), to_regprocedure('public.fence_agency()')")
    tables_there, fence_there = cursor.fetchone()
    if tables_there is None:
        return []
    if fence_there is None:
        return ["there is no fence: `manage.py migrate` writes it"]
    carrying = [table for table in public_tables(cursor) if table.carries]
    found = [f"row security is off on {table.name}" for table in carrying if not table.is_fenced]
    name = login()
    about = {"login": name, **{part.value: role_name(name, part) for part in Part}}
    values = {
        **about,
        "parts": list(about.values()),
        "carrying": [table.name for table in carrying],
        "views": declared_views(),
    }
    for wrong, question in _QUESTIONS.items():
        cursor.execute(_REACH + question, values)
        found += [wrong.format(what) for (what,) in cursor.fetchmany(MOST)]
    return found


def holes_by(alias: str) -> list[str]:
    """The same, asked by one of the two logins."""
    with connections[alias].cursor() as cursor:
        return holes(cursor)
