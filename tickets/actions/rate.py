"""rate: the buyer says how it was. ask_transcript: and wants it in writing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.errors import Conflict, Invalid
from tickets.actions.record import Happened, Word, record
from tickets.actions.visit import check_email
from tickets.channels import Channel
from tickets.models import Chat, Event, Message, Ticket

TRANSCRIPTS_A_DAY: Final = 3  # of one conversation: it is no way to send strangers mail


class NothingToRate(Conflict):
    code = "nothing_to_rate"
    message = _("There is no conversation to rate yet.")


class TooManyTranscripts(Conflict):
    code = "too_many_transcripts"
    message = _("This conversation was mailed three times today. Try again tomorrow.")


class NothingToMail(Conflict):
    code = "nothing_to_mail"
    message = _("Nobody has answered yet. There is nothing to mail.")


def rate(ticket: Ticket, score: int, comment: str, *, now: datetime) -> None:
    """Keeps the buyer's rating; a later one replaces it. The caller holds the lock. Raises Invalid (`score`)."""
    if not 1 <= score <= 5:
        raise Invalid(_("A rating is from 1 to 5."), field="score")
    if ticket.first_response_at is None and not ticket.is_closed:
        raise NothingToRate(field="score")
    chat = Chat.objects.get(pk=ticket.pk)
    before = {"score": chat.score, "comment": chat.comment}
    if (chat.score, chat.comment) == (score, comment):
        return
    chat.score, chat.comment, chat.rated_at = score, comment, now
    chat.save(update_fields=["score", "comment", "rated_at"])
    rated = Happened(Event.Kind.RATED, by="buyer", before=before, after={"score": score, "comment": comment})
    record(ticket, rated, now=now)


def ask_transcript(ticket: Ticket, email: str, *, language: str, now: datetime) -> Message:
    """Writes that the buyer wants the conversation by e-mail, and promises it. The caller holds the lock.

    Only of a conversation that a person has answered: a program that talks to itself must not have us mail strangers.
    Raises Invalid (`email`), NothingToMail, TooManyTranscripts.
    """
    email = email.strip()
    check_email(email)
    if not ticket.messages.filter(kind=Message.Kind.AGENT).exists():
        raise NothingToMail(field="email")
    since = now - timedelta(days=1)
    asked = ticket.messages.filter(kind=Message.Kind.SYSTEM, created_at__gt=since).exclude(delivery="")
    if asked.count() >= TRANSCRIPTS_A_DAY:
        raise TooManyTranscripts(field="email")
    if not ticket.customer.email or ticket.customer.external_id.startswith("v:"):
        ticket.customer.email = email  # where answers go too, when they are away
        ticket.customer.save(update_fields=["email"])
    elif ticket.customer.email != email:
        raise Invalid(_("The conversation can only be mailed to the address that the shop has."), field="email")
    ticket.last_seq += 1
    told = "对话记录将发送到 {}。" if language == "zh" else "The transcript is on its way to {}."
    word = Message(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Message.Kind.SYSTEM,
        body=told.format(email),
        delivery=Message.Delivery.PENDING,
        sent_at=now,
        created_at=now,
    )
    record(ticket, now=now, words=[Word(word, Channel.EMAIL)])
    return word
