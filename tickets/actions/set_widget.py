"""set_widget: how a store's chat widget looks, whom it asks what, and which sites may embed it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import live
from tenants.context import current_store
from tenants.errors import Invalid
from tickets.characters import is_keepable
from tickets.chat.protocol import FIELDS
from tickets.models import ChatWidget

MOST_SITES: Final = 50
_COLOR = re.compile(r"\A#[0-9a-fA-F]{6}\Z")
_HOST = re.compile(r"\A(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")
_TEXTS: Final = {"greeting_zh": 300, "greeting_en": 300, "consent_zh": 500, "consent_en": 500}


def open_widget(*, now: datetime) -> ChatWidget:
    """The entered store's widget; made now, with a key of its own and no site yet, where there was none."""
    made, _new = ChatWidget.objects.get_or_create(
        defaults={
            "key": f"pk_{secrets.token_hex(12)}",
            "identity_secret": secrets.token_urlsafe(32),
            "changed_at": now,
        }
    )
    return made


@transaction.atomic
def set_widget(values: Mapping[str, Any], *, now: datetime) -> ChatWidget:
    """Changes what is named in `values`; fields as in the model. All or nothing. Raises Invalid with the field."""
    widget = open_widget(now=now)
    for name, longest in _TEXTS.items():
        if name in values:
            setattr(widget, name, _text(values[name], longest, name))
    for name in ("is_on", "shows_typing", "sound"):
        if name in values:
            setattr(widget, name, bool(values[name]))
    if "color" in values:
        if not _COLOR.match(values["color"]):
            raise Invalid(_("A colour is # and six hexadecimal digits."), field="color")
        widget.color = values["color"].lower()
    if "position" in values:
        if values["position"] not in ("left", "right"):
            raise Invalid(_("Left or right."), field="position")
        widget.position = values["position"]
    if "sites" in values:
        widget.sites = check_sites(values["sites"])
    if "fields" in values:
        widget.fields = _fields(values["fields"])
    widget.changed_at = now
    widget.save()
    live.announce_widget(current_store())
    return widget


def renew_identity_secret(*, now: datetime) -> ChatWidget:
    """A new secret for signing who is signed in; what was signed with the old one is nobody's word any more."""
    widget = open_widget(now=now)
    widget.identity_secret, widget.changed_at = secrets.token_urlsafe(32), now
    widget.save(update_fields=["identity_secret", "changed_at"])
    return widget


def check_sites(sites: Sequence[str]) -> list[str]:
    """Origins as a browser compares them: `https://shop.example`, `http://localhost:3000`, `https://*.shop.example`.

    A page's whole address is cut to its origin; a bare name becomes https. Raises Invalid (`sites`).
    """
    if len(sites) > MOST_SITES:
        raise Invalid(_("At most %(most)d sites.") % {"most": MOST_SITES}, field="sites")
    found: list[str] = []
    for text in map(str.strip, sites):
        if text and (origin := _origin(text)) not in found:
            found.append(origin)
    return found


def _origin(text: str) -> str:
    named = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(named)
        host, port = (parts.hostname or "").encode("idna" if "*" not in named else "ascii").decode(), parts.port
    except ValueError as error:
        raise _no_site(text) from error
    if parts.scheme not in ("https", "http") or parts.username or not _HOST.match(host) or ".." in host:
        raise _no_site(text)
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


def _no_site(text: str) -> Invalid:
    return Invalid(_("“%(text)s” is no site. Write https://shop.example") % {"text": text[:80]}, field="sites")


def _fields(fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = [field.get("name") for field in fields]
    if len(set(names)) != len(names) or not set(names) <= set(FIELDS):
        raise Invalid(_("The form can ask for name, e-mail, phone, order and topic, each once."), field="fields")
    return [{"name": field["name"], "required": bool(field.get("required"))} for field in fields]


def _text(value: Any, longest: int, field: str) -> str:
    text = str(value).replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": longest}, field=field)
    if not is_keepable(text):
        raise Invalid(_("This text has a character that can't be kept."), field=field)
    return text
