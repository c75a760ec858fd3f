"""set_mood: how a buyer's words sound. By a person, whose word teaches triage; by triage, until a person has spoken.

A mood is of words, and every event says of which: those up to `seq`. A person's word holds for the words that they saw;
what the buyer writes later are other words (`tickets.triage.actions.triage`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from tenants.context import current_store
from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.actions.record import Happened, record
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.models.event import MOOD_SAID
from tickets.moods import BY_SLUG
from tickets.queries.moods import mood_told


class MoodSaidMeanwhile(Conflict):
    code = "mood_said_meanwhile"
    message = _("Meanwhile something else was said about this buyer’s mood. Please look again.")


def set_mood(
    ticket: Ticket,
    mood: str,
    *,
    by: User | None,
    now: datetime,
    was: str | None = None,
    seen_seq: int | None = None,
    through: str = "",
    because: Sequence[str] = (),
) -> Ticket:
    """Says it. The caller holds the lock. Of a closed ticket too: it still teaches.

    `by` is None where nobody did it but `through`: a process, with the words that told it in `because`. A person who
    says what is said already agrees with it, and that is written down once. `was` is what the author saw, `seen_seq`
    the last message of it: what came later is read by triage. Raises Invalid (`mood`), MoodSaidMeanwhile.
    """
    if mood not in BY_SLUG:
        raise Invalid(_("There is no such mood."), field="mood")
    told = mood_told(ticket)
    if was is not None and told.mood.slug not in {was, mood}:
        raise MoodSaidMeanwhile
    if told.mood.slug == mood and (by is None or told.is_persons):
        return ticket
    seq = ticket.last_seq if seen_seq is None else min(seen_seq, ticket.last_seq)
    after = {"mood": mood, "seq": seq, **({"because": list(because)} if because else {})}
    happened = Happened(MOOD_SAID, actor=by, by=through, before={"mood": told.mood.slug}, after=after)
    record(ticket, happened, now=now)
    entries = QueueEntry.objects.filter(store=current_store(), ticket_number=ticket.number)
    entries.update(sentiment=BY_SLUG[mood])
    if by is not None:  # what came after the words that they saw is read again, as words of its own
        entries.update(triaged_seq=Least(F("triaged_seq"), seq))
    return ticket
