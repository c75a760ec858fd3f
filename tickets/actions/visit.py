"""visit: a browser comes to the store's widget, and says who it is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tenants.context import current_store
from tenants.errors import DomainError, Invalid
from tickets.actions.record import Happened, record
from tickets.channels import Channel
from tickets.chat.visitor import Identity, hash_of, mark_of
from tickets.models import Customer, Event, Ticket, Visitor
from tickets.queries.chat import Talk, talk_of, widget_of

KEPT: Final = timedelta(days=90)  # a browser that was not seen for so long is a new one
COUNTED_FOR: Final = timedelta(minutes=10)  # how many new conversations an address may begin
RENEWED: Final = timedelta(days=1)  # how often its date is pushed on


class SecretExpired(DomainError):
    """Too old, or an identified buyer's without the shop's word for them: a shared computer must show nothing."""

    code = "expired"
    status = 401
    message = _("This conversation can't be continued from here. A new one begins.")


class IntroduceFirst(DomainError):
    code = "introduce_first"
    message = _("Please fill in the form first.")


class TooManyConversations(DomainError):
    code = "too_many_conversations"
    status = 429
    message = _("Many new conversations have begun from your network just now. Please try again in ten minutes.")


def recognise(secret: str, identity: Identity | None, *, page: str = "", now: datetime) -> Talk | None:
    """The visitor with this secret and their conversation, in the entered store; None for one who is new.

    Whoever the shop vouches for is known, and has their conversations, from any browser; whoever it doesn't begins as
    nobody, and is written down only with their first word. Raises SecretExpired.
    """
    talk = talk_of(secret)
    if talk is None:
        return _make(secret, identity, page=page, now=now) if identity else None
    check_talk(talk, identity, now=now)
    if identity and not talk.is_identified:
        _identify(talk, identity)
        talk = talk_of(secret)
    if talk and talk.expires_at < now + KEPT - RENEWED:
        Visitor.objects.filter(pk=talk.visitor).update(expires_at=now + KEPT, page=page)
    return talk


def check_talk(talk: Talk, identity: Identity | None, *, now: datetime) -> None:
    """Raises SecretExpired for a secret that is too old, or an identified buyer's without the shop's word for them."""
    named = _id_of(identity) if identity else ""
    if talk.expires_at <= now or (talk.is_identified and talk.customer_id != named):
        raise SecretExpired(field="secret")


def write_down(secret: str, *, page: str = "", address: str = "", now: datetime) -> Talk:
    """The visitor, made now if this is their first word. The same secret at once from two sides makes one.

    Of one address only so many are new in a while, whichever process they come to; an empty one is not counted.
    Raises TooManyConversations.
    """
    return talk_of(secret) or _make(secret, None, page=page, address=address, now=now)


def introduce(talk: Talk, fields: Mapping[str, str], *, consent: bool, now: datetime) -> None:
    """Keeps what the form before the chat asked. Raises Invalid with the field at fault, also for one left empty."""
    widget = widget_of()
    asked = {field["name"]: field["required"] for field in (widget.fields if widget else ())}
    for name, required in asked.items():
        if required and not fields.get(name):
            raise Invalid(_("Please fill this in."), field=name)
    if widget and (widget.consent_zh or widget.consent_en) and not consent:
        raise Invalid(_("Please agree first."), field="consent")
    if email := fields.get("email", ""):
        check_email(email)
    topic = fields.get("topic", "")
    if topic and topic not in Category.values:
        raise Invalid(_("There is no such topic."), field="topic")
    kept = {name: value for name, value in fields.items() if value and name not in {"name", "email"}}
    with transaction.atomic():
        customers = Customer.objects.filter(pk=talk.customer)
        # What the shop vouches for isn't overwritten by what somebody types.
        changes = {n: fields[n] for n in ("name", "email") if fields.get(n) and not talk.is_identified}
        if changes:
            customers.update(**changes)
        Visitor.objects.filter(pk=talk.visitor).update(introduced_at=now, answers=kept)
        if talk.number is not None:
            told = Happened(Event.Kind.INTRODUCED, by="buyer", after={"fields": sorted([*changes, *kept])})
            record(Ticket.objects.select_for_update(no_key=True).get(pk=talk.number), told, now=now)


def check_email(email: str) -> None:
    """Raises Invalid (`email`)."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(_("This is no e-mail address."), field="email") from error


def _id_of(identity: Identity) -> str:
    return f"u:{identity.id}"


_MAKE: Final = """
WITH buyer AS (
  INSERT INTO tickets_customer AS customer (channel, external_id, name, email, language, created_at)
  VALUES (%(channel)s, %(external_id)s, %(name)s, %(email)s, '', %(now)s)
  ON CONFLICT (channel, external_id) DO UPDATE SET
    name = coalesce(nullif(EXCLUDED.name, ''), customer.name),
    email = coalesce(nullif(EXCLUDED.email, ''), customer.email)
  RETURNING id
)
INSERT INTO tickets_visitor (id, secret_hash, customer_id, is_identified, answers, page, expires_at, created_at)
SELECT %(visitor)s, %(hash)s, id, %(identified)s, '{}', %(page)s, %(expires)s, %(now)s FROM buyer
ON CONFLICT (secret_hash) DO NOTHING
"""


# A row lives as long as somebody is counted in it, or until the next stranger comes to the store.
_COUNT: Final = """
WITH old AS (
  DELETE FROM desk_arrivals WHERE id IN (
    SELECT id FROM desk_arrivals WHERE store_id = %(store)s AND since <= %(begin)s AND address <> %(address)s
    FOR UPDATE SKIP LOCKED)
)
INSERT INTO desk_arrivals AS known (store_id, address, since, count) VALUES (%(store)s, %(address)s, %(now)s, 1)
ON CONFLICT (store_id, address) DO UPDATE SET
  since = CASE WHEN known.since <= %(begin)s THEN EXCLUDED.since ELSE known.since END,
  count = CASE WHEN known.since <= %(begin)s THEN 1 ELSE known.count + 1 END
WHERE known.since <= %(begin)s OR known.count < %(most)s
"""


def _count(address: str, now: datetime) -> None:
    values = {
        "store": current_store().pk,
        "address": mark_of(address),
        "begin": now - COUNTED_FOR,
        "most": settings.CHAT_CONVERSATIONS_PER_ADDRESS,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if not cursor.rowcount:
            raise TooManyConversations


def _make(secret: str, identity: Identity | None, *, page: str, address: str = "", now: datetime) -> Talk:
    hashed = hash_of(secret)
    values: dict[str, Any] = {
        "channel": Channel.WIDGET,
        # Not the visitor's id: of two hands that make the same visitor, both name the same customer.
        "external_id": _id_of(identity) if identity else f"v:{hashed[:32]}",
        "name": identity.name if identity else "",
        "email": identity.email if identity else "",
        "visitor": Visitor().id,
        "hash": hashed,
        "identified": identity is not None,
        "page": page,
        "expires": now + KEPT,
        "now": now,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MAKE, values)
        if cursor.rowcount and address:
            _count(address, now)
    talk = talk_of(secret)
    if talk is None:
        raise RuntimeError("a visitor that was just made is not there")
    return talk


def _identify(talk: Talk, identity: Identity) -> None:
    """An anonymous visitor signed in at the shop: what they wrote until then becomes the known buyer's, or stays."""
    named = _id_of(identity)
    known = {"name": identity.name, "email": identity.email}
    visitors = Visitor.objects.filter(pk=talk.visitor)
    with suppress(IntegrityError), transaction.atomic():  # the buyer is known already, or to another browser just now
        Customer.objects.filter(pk=talk.customer).update(
            external_id=named, **{name: value for name, value in known.items() if value}
        )
        visitors.update(is_identified=True)
        return
    visitors.update(is_identified=True, customer=Customer.objects.get(channel=Channel.WIDGET, external_id=named))
