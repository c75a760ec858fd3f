"""transfer: a ticket goes to a colleague with a word about it, and with one to the buyer where silence is charged."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.context import current_store
from tenants.errors import Invalid
from tenants.models import User
from tickets.actions.assign import assign
from tickets.actions.note import add_note
from tickets.actions.reply import reply_to_ticket
from tickets.models import Ticket
from tickets.policies.queries import rules_of


class WordToBuyerMissing(Invalid):
    code = "word_to_buyer_missing"
    message = _(
        "The buyer waits, and this marketplace counts a silent transfer against you. Write them one line first."
    )


def transfer(
    ticket: Ticket,
    *,
    to: User,
    by: User,
    note: str,
    line: str,
    client_key: str,
    seen_seq: int | None,
    now: datetime,
    was: int | None,
) -> Ticket:
    """Writes `line` to the buyer, gives the ticket to `to`, and leaves them `note`. The caller holds the lock.

    All or nothing; the same `client_key` again changes nothing. `was` as in `assign`. Raises WordToBuyerMissing
    (`line`), and what reply, note and assign raise.
    """
    if not line.strip() and needs_a_word(ticket):
        raise WordToBuyerMissing(field="line")
    if line.strip():
        reply_to_ticket(
            ticket, author=by, body=line, client_key=f"{client_key}-line", seen_seq=seen_seq, now=now, by="transfer"
        )
        was = ticket.assignee_id if was is None else was  # whoever answers has it
    if note.strip():
        add_note(ticket, author=by, body=note, client_key=f"{client_key}-note", now=now, by="transfer")
    return assign(ticket, to=to, by=by, now=now, was=was, through="transfer")


def needs_a_word(ticket: Ticket) -> bool:
    """Whether handing it over without a word leaves an unanswered round on whoever hands it over."""
    since = ticket.waiting_since
    return since is not None and rules_of(current_store(), since).charges_silence(ticket.channel)
