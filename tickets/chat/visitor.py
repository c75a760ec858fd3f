"""Who a visitor says to be: a secret of their browser's, and what the shop vouches for. Pure: no database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.crypto import salted_hmac

from tenants.bucket import neighbourhood
from tickets.characters import is_keepable, keepable

LONGEST_NAME: Final = 200


@dataclass(frozen=True)
class Identity:
    """The buyer as the shop knows them."""

    id: str
    name: str = ""
    email: str = ""


def hash_of(secret: str) -> str:
    """What is kept of a browser's secret. It has 256 random bits: a plain hash can't be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mark_of(address: str) -> str:
    """What is kept for some minutes of an address: who has the database alone can't tell which it was."""
    return salted_hmac("chat.address", neighbourhood(address)).hexdigest()[:20]


def identity_of(token: str, identity_secret: str, *, now: datetime) -> Identity | None:
    """The identity in `base64url(payload).hex(hmac)`; None for one that is forged, expired, or not readable."""
    payload, _dot, signature = token.partition(".")
    made = hmac.new(identity_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace")):
        return None
    try:
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        person, expires = str(said["id"]).strip(), float(said["exp"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    if not 0 < len(person) <= 150 or not is_keepable(person) or not expires > now.timestamp():
        return None
    name, email = (keepable(str(said.get(part) or ""))[:LONGEST_NAME] for part in ("name", "email"))
    return Identity(person, name, email if "@" in email else "")


def sign(identity: Identity, identity_secret: str, *, expires: datetime) -> str:
    """What a shop's server does; for the settings page's example and for tests."""
    said = {"id": identity.id, "name": identity.name, "email": identity.email, "exp": int(expires.timestamp())}
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"{payload}.{hmac.new(identity_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()}"
