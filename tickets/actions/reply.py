"""reply_to_ticket: a person answers the buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from knowledge.actions.use_item import use_item
from knowledge.content.reply import VARIABLES, variables_of
from tenants.access import is_colleague
from tenants.context import ask, current_store
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tenants.models.rows import columns, row
from tickets.actions.attach import attach, check_uploads
from tickets.actions.breach import breach_if_overdue
from tickets.actions.deliver import first_state
from tickets.actions.record import Happened, Overtaken, Word, record
from tickets.cards import check_card
from tickets.channels import Channel
from tickets.incoming import Upload
from tickets.models import Event, Message, Ticket

LONGEST_REPLY = 10_000  # characters


class TicketMovedOn(Conflict):
    """Somebody wrote after what the author had seen. `details`: `last_seq` now, and `seen_seq` as it was sent."""

    code = "ticket_moved_on"
    message = _("Something was written here that you had not seen. Read it, then send again.")


class TicketIsClosed(Conflict):
    code = "ticket_closed"
    message = _("This ticket is closed. Reopen it to write to the buyer.")


class VariablesLeft(Invalid):
    """`details`: `missing`, the names of the variables that nobody has filled in."""

    code = "variables_left"


class KeyUsedBefore(Conflict):
    code = "client_key_reused"
    message = _("This key was used before, for another text.")


def reply_to_ticket(
    ticket: Ticket,
    *,
    author: User,
    body: str,
    client_key: str,
    seen_seq: int | None,
    now: datetime,
    uploads: Sequence[Upload] = (),
    card: Mapping[str, Any] | None = None,
    used: Sequence[int] = (),
    by: str = "",
) -> Message:
    """Writes the answer, stops the clock and promises the delivery. The caller holds the ticket's lock, or has read it
    without and takes it where this raises Overtaken.

    `used`: the quick replies it was made of, of those that the store holds; each is counted, once per answer.
    The same `client_key` again returns the message it made. `seen_seq` is the last message the author had on screen;
    None skips that check, for programs that replay what was said elsewhere. Raises Invalid (`body`, `files`),
    TicketMovedOn, TicketIsClosed, KeyUsedBefore.
    """
    card = check_card(card) if card else None
    body = check_body(body, uploads or card)
    if ticket.version and (uploads or used):
        raise Overtaken
    is_behind = seen_seq is not None and moved_on(ticket, seen_seq)
    # Where it can be written without the lock, `record` looks for it, for it may be said a moment later.
    looks_now = ticket.version is None or is_behind or ticket.is_closed
    if looks_now and (said := said_before(ticket, client_key, author, Message.Kind.AGENT, body)):
        return said
    if ticket.is_closed:
        raise TicketIsClosed
    if is_behind:
        raise TicketMovedOn(field="seen_seq", details={"seen_seq": seen_seq, "last_seq": ticket.last_seq})
    check_uploads(uploads)
    message = _write_reply(ticket, author, body, client_key, now, uploads, card, by)
    for item_id in dict.fromkeys(used):
        use_item(item_id, ticket_number=ticket.number, person=author, now=now)
    return message


def check_filled(body: str) -> None:
    """Raises VariablesLeft (`body`) if a {variable} of quick replies still stands in it, as nobody means to send."""
    left = [name for name in variables_of(body) if name in VARIABLES]
    if left:
        named = pgettext("between names", ", ").join(f"{{{name}}} ({VARIABLES[name]})" for name in left)
        raise VariablesLeft(
            _("Fill this in first: %(named)s.") % {"named": named}, field="body", details={"missing": left}
        )


def check_body(body: str, beside: object = None) -> str:
    """The text as it will be kept; it may be empty if there is something beside it. Raises Invalid (`body`)."""
    body = body.replace("\r\n", "\n").strip()
    if not body and not beside:
        raise Invalid(_("Write something, or attach a file."), field="body")
    if len(body) > LONGEST_REPLY:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_REPLY}, field="body")
    if "\x00" in body:
        raise Invalid(_("This text has a character that can't be kept (NUL)."), field="body")
    return body


_SAID = f"""
SELECT {columns(Message, "message")} FROM tickets_message message
WHERE ticket_id = %s AND client_key = %s AND client_key <> ''
"""


_SPOKEN = """
SELECT 1 FROM tickets_message WHERE ticket_id = %s AND seq > %s AND kind IN ('buyer', 'agent') LIMIT 1
"""


def said_before(ticket: Ticket, client_key: str, author: User, kind: str, body: str) -> Message | None:
    """What this key has already written in this ticket. Raises KeyUsedBefore if that was something else."""
    found = ask(_SAID, [ticket.number, client_key]) if client_key else []
    said = row(Message, found[0]) if found else None
    if said and (said.body, said.kind, said.author_id) != (body, kind, author.pk):
        raise KeyUsedBefore(field="client_key")
    return said


def moved_on(ticket: Ticket, seen_seq: int) -> bool:
    """Whether a buyer or a colleague wrote after `seen_seq`. Notes and automatic words change nothing."""
    return ticket.last_seq > seen_seq and bool(ask(_SPOKEN, [ticket.number, seen_seq]))


def _write_reply(
    ticket: Ticket,
    author: User,
    body: str,
    client_key: str,
    now: datetime,
    uploads: Sequence[Upload],
    card: Mapping[str, Any] | None,
    by: str,
) -> Message:
    breach_if_overdue(ticket, now=now)
    ticket.last_seq += 1
    message = Message(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Message.Kind.AGENT,
        author=author,
        body=body,
        client_key=client_key,
        card=card,
        delivery=first_state(ticket.channel),
        sent_at=now,
        created_at=now,
    )
    waited = (now - ticket.waiting_since).total_seconds() if ticket.waiting_since else None
    told = {"seq": message.seq, "waited_s": waited, "first": ticket.first_response_at is None}
    ticket.state = Ticket.State.ANSWERED
    ticket.waiting_since = None
    ticket.first_response_at = ticket.first_response_at or now
    if ticket.assignee_id is None and is_colleague(current_store(), author.pk):
        ticket.assignee = author  # whoever answers has it; a seller's answer leaves it to the agency
    ticket.last_message_at = now
    replied = Happened(Event.Kind.REPLIED, actor=author, by=by, after=told)
    record(ticket, replied, now=now, words=[Word(message, Channel(ticket.channel), has_files=bool(uploads))])
    attach(message, uploads)
    return message
