"""The database's roles, by what they are for. No Django here: settings import it.

The login that the processes sign in with owns nothing, and may by itself only ask what a host names (the door). It
may become: the desk (a request at an agency's or a store's host, narrowed by row security to that agency or store),
the operator (every agency's public rows), a store's role (its schema, and its own public rows), or an agency's reader
(reads in the schemas of its stores). Roles belong to the whole server, so their names begin with the login's; those of
stores and agencies are random and are never used twice.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import Final

OWNER: Final = "owner"  # the alias in DATABASES of whoever owns the tables


class Part(StrEnum):
    DESK = "desk"
    OPERATOR = "operator"
    STORE = "store"  # what every store's role is a member of
    READER = "reader"  # what every agency's reader is a member of


def role_name(login: str, part: Part) -> str:
    return f"{login}_{part}"


def login_of(owner: str) -> str:
    """The login of the processes where none is named: the owner's with a suffix."""
    return f"{owner}_app"


def password_of(login: str, owner_password: str, secret: str) -> str:
    """Its password, empty where the owner needs none. Derived, so that there is nothing to keep and nothing to lose:
    migrating with another SECRET_KEY sets another one."""
    if not owner_password:
        return ""
    return hmac.new(secret.encode(), f"database login {login} {owner_password}".encode(), hashlib.sha256).hexdigest()
