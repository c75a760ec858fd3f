"""follow: each second the clock looks for what arrived and whose turn it is to learn, and nudges a job for it.

So no request waits for triage, and nothing is lost with Redis: what is not yet triaged is found again a second later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tenants.later import nudge
from tickets.triage.queries.versions import agencies_due
from tickets.triage.queries.waiting import agencies_waiting

TRIAGE: Final = "tickets.triage.jobs.triage_agency"
TRAIN: Final = "tickets.triage.jobs.train_agency"


def follow(now: datetime) -> int:
    """From the operator's place. Two queries, however many stores; returns for how many agencies something arrived."""
    waiting = agencies_waiting()
    for agency_id in waiting:
        nudge(TRIAGE, agency_id)
    for agency_id in agencies_due(now):
        nudge(TRAIN, agency_id)
    return len(waiting)
