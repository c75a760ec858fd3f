"""From one or two addresses to Django's DATABASES: the login of the processes, and the owner for migrations."""

from __future__ import annotations

import getpass
from typing import Any
from urllib.parse import quote, urlsplit

import environ

from tenants.postgresql.roles import login_of, password_of

ENGINE = "tenants.postgresql"
LIMITS = (
    '-c search_path="public" -c statement_timeout=15000 -c lock_timeout=5000'
    " -c idle_in_transaction_session_timeout=60000"
)


def databases(owner_url: str, app_url: str, *, secret: str, pool: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`default`, and `owner` unless only the processes' own address is known."""
    owner = _parsed(owner_url or ("" if app_url else "postgresql://localhost/deskfleet"))
    app = _parsed(app_url) or _app_beside(owner, secret)
    # The pool keeps connections; Django must not keep its own as well. After a restart of PostgreSQL no request is
    # handed a connection that is dead.
    app |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    app["OPTIONS"] = {**app.get("OPTIONS", {}), "pool": pool, "options": LIMITS}
    if not owner:
        return {"default": app}
    owner["OPTIONS"] = {**owner.get("OPTIONS", {}), "options": '-c search_path="public"'}
    owner["TEST"] = {"DEPENDENCIES": []}
    return {"default": app, "owner": owner}


def app_address(owner_url: str, secret: str) -> str:
    """The address of the processes' login, for programs that are started without the owner's."""
    owner, parts = _parsed(owner_url), urlsplit(owner_url)
    app = _app_beside(owner, secret)
    _user, _at, where = parts.netloc.rpartition("@")
    login = quote(app["USER"], safe="") + (f":{app['PASSWORD']}" if app["PASSWORD"] else "")
    return parts._replace(netloc=f"{login}@{where}").geturl()


def _parsed(url: str) -> dict[str, Any]:
    return {**environ.Env.db_url_config(url), "ENGINE": ENGINE} if url else {}


def _app_beside(owner: dict[str, Any], secret: str) -> dict[str, Any]:
    """The same server and database, with a login of our own that `migrate` makes."""
    login = login_of(owner["USER"] or getpass.getuser())
    return {**owner, "USER": login, "PASSWORD": password_of(login, owner["PASSWORD"], secret)}
