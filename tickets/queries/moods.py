"""How the words of a ticket's buyer sound, as people and triage have said it, in the entered store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.models import Event, Ticket
from tickets.models.event import MOOD_SAID, TRIAGE
from tickets.moods import BY_SLUG, Mood


@dataclass(frozen=True)
class MoodTold:
    """What is said of a ticket now, and the words that told triage. `seq`: up to where a person has judged the words;
    0 where none has.
    """

    mood: Mood = Mood.NEUTRAL
    is_persons: bool = False
    seq: int = 0
    because: tuple[str, ...] = ()


def mood_told(ticket: Ticket) -> MoodTold:
    """One query."""
    return told_by(list(ticket.events.filter(kind=MOOD_SAID).order_by("-pk")))


def told_by(said: Sequence[Event]) -> MoodTold:
    """By a ticket's events of the kind MOOD_SAID, latest first. Nobody has said anything: neutral."""
    if not said:
        return MoodTold()
    by_people = [event for event in said if event.by != TRIAGE]
    return MoodTold(
        mood=mood_of(said[0]),
        is_persons=said[0].by != TRIAGE,
        seq=by_people[0].after["seq"] if by_people else 0,
        because=tuple(said[0].after.get("because", ())),
    )


def mood_of(event: Event) -> Mood:
    """Of an event of the kind MOOD_SAID."""
    return BY_SLUG.get(event.after.get("mood", ""), Mood.NEUTRAL)
