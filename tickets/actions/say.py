"""say: a visitor's word becomes a buyer's message, by receive_message like any other channel's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tenants.context import ask
from tenants.errors import Conflict, Invalid, Unavailable
from tenants.files import clean_name
from tenants.images import Busy, NoPicture, drawn
from tickets.actions.attach import content_type
from tickets.actions.receive import Received, SameIdOtherText, receive_message
from tickets.cards import OFFER
from tickets.channels import Channel
from tickets.incoming import MOST_BYTES, FileRefused, IncomingMessage, Upload
from tickets.models import Attachment, Message, Visitor
from tickets.queries.chat import Talk


class OfferAnswered(Conflict):
    code = "offer_answered"
    message = _("You have already chosen.")


def say(
    talk: Talk,
    text: str,
    *,
    client_id: str,
    choice: tuple[int, str] | None = None,
    uploads: Sequence[Upload] = (),
    language: str = "",
    now: datetime,
) -> Received:
    """Files the message once, whatever way and however often it comes. `choice` answers an offer, once.

    Raises Invalid (`text`, `choice`), OfferAnswered, SameIdOtherText, FileRefused.
    """
    card: dict[str, Any] | None = None
    if choice is not None:
        text, card = _chosen(talk, *choice)
    answers = _asked_before(talk) if talk.number is None else {}
    incoming = IncomingMessage(
        channel=Channel.WIDGET,
        external_id=choice_id(talk.conversation, choice[0]) if choice else f"{talk.visitor}:{client_id}",
        customer_id=talk.customer_id,
        text=text,
        language=language if not text else "",
        subject=answers.get("order", ""),
        category=answers.get("topic", ""),
        uploads=tuple(map(drawn_anew, uploads)),
        card=card,
    )
    try:
        received = receive_message(incoming, now=now)
    except SameIdOtherText as error:
        raise OfferAnswered(field="choice") if choice else SameIdOtherText(field="client_id") from error
    if received.ticket_number != talk.number:
        _keep_with(talk, received.ticket_number)
    if talk.has_draft:
        _forget_draft(received.ticket_number)
    return received


def drawn_anew(upload: Upload) -> Upload:
    """A picture without what is no picture; any other file as it is. Raises FileRefused, Unavailable."""
    kind = content_type(upload.content)
    if kind is None or not Attachment.is_shown(kind) or len(upload.content) > MOST_BYTES:
        return upload  # attach says what is wrong with it
    try:
        return Upload(upload.name, drawn(upload.content, kind))
    except Busy as error:
        raise Unavailable from error
    except NoPicture as error:
        named = {"name": clean_name(upload.name)}
        raise FileRefused(_("%(name)s is damaged or too large to be shown.") % named, field="files") from error


def _asked_before(talk: Talk) -> dict[str, str]:
    """What the form asked: the order's number becomes the subject, the topic the category."""
    answers: dict[str, str] = Visitor.objects.values_list("answers", flat=True).get(pk=talk.visitor)
    return answers


def choice_id(conversation: UUID | None, seq: int) -> str:
    """The one name under which an offer is answered, from any of the browsers of a buyer: a second meets it."""
    return f"{conversation}:choice-{seq}"


def _chosen(talk: Talk, seq: int, option: str) -> tuple[str, dict[str, Any]]:
    offers = Message.objects.filter(ticket=talk.number, seq=seq, kind=Message.Kind.AGENT, card__type=OFFER)
    offer = offers.first() if talk.number else None
    options = offer.card["options"] if offer and offer.card else []
    label = next((each["label"] for each in options if each["id"] == option), None)
    if label is None:
        raise Invalid(_("This choice does not exist."), field="choice")
    return label, {"type": "choice", "seq": seq, "option": option}


def _keep_with(talk: Talk, ticket: int) -> None:
    """A new ticket is the visitor's, also if the shop has said meanwhile, in another tab, who the visitor is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_ticket ticket SET customer_id = visitor.customer_id FROM tickets_visitor visitor"
            " WHERE visitor.id = %s AND ticket.number = %s AND ticket.customer_id <> visitor.customer_id",
            [talk.visitor, ticket],
        )


def _forget_draft(ticket: int) -> None:
    ask("UPDATE tickets_chat SET draft = '' WHERE ticket_id = %s AND draft <> ''", [ticket])
