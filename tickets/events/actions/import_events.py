"""import_events: all of a file or nothing of it. What is over is passed over, and so is what stands there already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from tenants.errors import DomainError
from tenants.models import User
from tenants.tables.problems import BadTable, Problem
from tickets.events.actions.set_event import Wanted, save_event
from tickets.events.files import Line
from tickets.events.models import LiveEvent

_PROPERTIES: Final = {"name": "SUMMARY", "store": "LOCATION", "begins": "DTSTART", "ends": "DTEND"}


@transaction.atomic
def import_events(agency_id: int, lines: Sequence[Line], *, times: float, by: User, now: datetime) -> tuple[int, int]:
    """(events that are new, lines that were passed over). Raises BadTable with every line that is refused."""
    there = set(
        LiveEvent.objects.filter(store__agency_id=agency_id, ends_at__gt=now).values_list(
            "store_id", "begins_at", "ends_at"
        )
    )
    problems: list[Problem] = []
    made = 0
    for line in lines:
        key = (line.store.pk, line.begins_at, line.ends_at)
        if line.begins_at < line.ends_at <= now or key in there:
            continue
        wanted = Wanted(line.store.pk, line.name, line.begins_at, line.ends_at, multiplier=line.times or times)
        try:
            save_event(agency_id, None, wanted, people=[], by=by, now=now)
        except DomainError as refused:
            problems.append(Problem(line.row, _PROPERTIES.get(refused.field or "", ""), str(refused)))
        there.add(key)
        made += 1
    if problems:
        raise BadTable(problems)
    return made, len(lines) - made
