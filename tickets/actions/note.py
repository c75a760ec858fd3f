"""add_note: something between colleagues. No buyer and no seller ever reads it."""

from __future__ import annotations

from datetime import datetime

from tenants.models import User
from tickets.actions.record import Happened, Word, record
from tickets.actions.reply import check_body, said_before
from tickets.models import Event, Message, Ticket


def add_note(ticket: Ticket, *, author: User, body: str, client_key: str, now: datetime, by: str = "") -> Message:
    """Writes the note; clocks and state stay as they are. The caller holds the lock. Raises Invalid (`body`)."""
    body = check_body(body)
    if said := said_before(ticket, client_key, author, Message.Kind.NOTE, body):
        return said
    ticket.last_seq += 1
    note = Message(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Message.Kind.NOTE,
        author=author,
        body=body,
        client_key=client_key,
        sent_at=now,
        created_at=now,
    )
    noted = Happened(Event.Kind.NOTED, actor=author, by=by, after={"seq": note.seq})
    record(ticket, noted, now=now, words=[Word(note)])
    return note
