"""follow: each second, events begin and end, people come and go back, bursts are noticed. From the operator's place."""

from __future__ import annotations

from datetime import datetime

from tickets.events.actions.release import release_due
from tickets.events.actions.run import begin_due, end_due, look_at_the_late
from tickets.events.actions.spikes import follow_spikes


def follow(now: datetime) -> int:
    """How many events began or ended. Five statements where nothing happens, however many stores.

    What ends makes room first: the next event of a store may begin in the same second.
    """
    ended = end_due(now)
    begun = begin_due(now)
    look_at_the_late(now)
    release_due(now)
    follow_spikes(now)
    return len(ended) + len(begun)
