"""set_learner: on or off, how good it must be, learn now."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tickets.triage.models import Learner


def switch_learner(agency_id: int, *, is_on: bool) -> None:
    """Off: the rules alone judge, and nothing is learned."""
    Learner.objects.update_or_create(agency_id=agency_id, defaults={"is_on": is_on})


def set_threshold(agency_id: int, percent: int) -> None:
    """For versions from now on. Raises Invalid (`threshold`)."""
    if not 50 <= percent <= 100:
        raise Invalid(_("Between 50 and 100 per cent."), field="threshold")
    Learner.objects.update_or_create(agency_id=agency_id, defaults={"threshold": percent})


def ask_to_learn(agency_id: int, *, now: datetime) -> None:
    """The clock sees it within a second; asking twice is asking once. Raises Invalid where it is off."""
    learner, _made = Learner.objects.get_or_create(agency_id=agency_id)
    if not learner.is_on:
        raise Invalid(_("It is off: switch it on first."), field="do")
    Learner.objects.filter(agency_id=agency_id).update(asked_at=now)
