"""E-mail, outward: an answer to the buyer in the thread of their own message."""

from __future__ import annotations

import logging
from email.utils import formataddr
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage

from tenants.context import current_store
from tenants.models import Store
from tickets.models import Message

log = logging.getLogger(__name__)


NO_ADDRESS = "no e-mail address"  # the one problem that waiting does not mend


def send(store: Store, message: Message) -> str:
    """Hands one message to the mail server. Returns what went wrong, or an empty string when it was taken."""
    if not message.ticket.customer.email:
        return NO_ADDRESS
    try:
        _letter(store, message).send()
    except (SMTPException, OSError, ValueError) as error:  # refused, gone, or not to be written as a letter
        log.warning("store %s message %s: not mailed: %s", store.pk, message.pk, type(error).__name__)
        return type(error).__name__
    return ""


def _letter(store: Store, message: Message) -> EmailMessage:
    """Raises OSError when a file is gone, ValueError when a header can't be written."""
    ticket = message.ticket
    mail = EmailMessage(
        subject=_answer_subject(ticket.subject, ticket.number),
        body=_transcript(message) if message.kind == Message.Kind.SYSTEM else message.body,
        from_email=formataddr((store.name, _address())),
        to=[ticket.customer.email],
        headers={
            "Message-ID": f"<{store.schema_name}.{message.pk}@{settings.BASE_HOST}>",
            "Auto-Submitted": "auto-replied" if message.kind == Message.Kind.BOT else "no",
        },
    )
    for file in message.attachments.all():
        with file.file.open("rb") as content:
            mail.attach(file.name, content.read(), file.content_type)
    return mail


def _transcript(asked: Message) -> str:
    """The conversation as the buyer knows it, up to where they asked for it; times in the store's time zone."""
    ticket, store = asked.ticket, current_store()
    said = ticket.messages.filter(seq__lt=asked.seq).exclude(kind=Message.Kind.NOTE).order_by("seq")
    aliases = dict(store.assignments.exclude(alias="").values_list("user_id", "alias"))
    zone = ZoneInfo(store.time_zone)
    lines = []
    for message in said.prefetch_related("attachments"):
        if message.kind == Message.Kind.BUYER:
            who = str(ticket.customer)
        else:
            who = aliases.get(message.author_id, "") if message.author_id else ""
        files = "".join(f" [{file.name}]" for file in message.attachments.all())
        lines.append(f"{message.created_at.astimezone(zone):%Y-%m-%d %H:%M} {who or store.name}: {message.body}{files}")
    return "\n\n".join(lines)


def _address() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")


def _answer_subject(subject: str, number: int) -> str:
    subject = " ".join(subject.split()) or f"#{number}"
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"
