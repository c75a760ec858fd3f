"""triage: what arrived in a store is judged, and what was judged is written to the ticket and the desk's index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tenants.context import current_store
from tickets.actions.record import announce
from tickets.actions.set_category import set_category, triage_may_say
from tickets.actions.set_mood import set_mood
from tickets.channels import Channel
from tickets.desk.models import QueueEntry
from tickets.models import Ticket
from tickets.models.event import TRIAGE
from tickets.moods import Mood
from tickets.queries.moods import mood_told
from tickets.triage.judging import Models, judge_ticket
from tickets.triage.queries.waiting import Said, said_in
from tickets.triage.rules import Judged, is_presale


def triage(numbers: Sequence[int], models: Models, key: bytes, *, now: datetime) -> int:
    """Judges these tickets of the entered store, each in its own short transaction; how many there were.

    Twice is as once: what was read is written down as read, and a category is only given to who has none.
    """
    said = said_in(numbers)
    for each in said:
        write_down(each, judge_ticket(each, models, key), now=now)
    return len(said)


def write_down(said: Said, judged: Judged, *, now: datetime) -> None:
    """A message that came while we judged leaves the ticket to be triaged again: only what was read counts as read.

    So does a person who said meanwhile how it sounds. Their word stays until new words of the buyer tell another mood;
    words that tell none end nothing.
    """
    entries = QueueEntry.objects.filter(store=current_store(), ticket_number=said.number)
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(no_key=True).get(pk=said.number)
        told = mood_told(ticket)
        if told.seq != said.mood_seq:
            return
        mood = told.mood if told.is_persons and judged.mood == Mood.NEUTRAL else judged.mood
        set_mood(ticket, mood.slug, by=None, through=TRIAGE, because=judged.moved, seen_seq=said.seq, now=now)
        if judged.category and triage_may_say(ticket):
            set_category(ticket, judged.category, by=None, through=TRIAGE, because=judged.because, now=now)
        entries.update(
            language=judged.language,
            sentiment=mood,
            is_presale=is_presale(ticket.category or judged.category),  # what people say it is about comes first
            urgency=judged.urgency,
            triaged_seq=said.seq,
        )
        announce(Channel(ticket.channel), ticket.number, ticket.last_seq)
