"""set_learner: of one subject, on or off, how good it must be, learn now."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tickets.triage.models import Learner, Subject


def subject_of(text: str) -> Subject:
    """Raises Invalid (`subject`)."""
    if text not in Subject.values:
        raise Invalid(_("Nothing of this kind is learned."), field="subject")
    return Subject(text)


def switch_learner(agency_id: int, subject: Subject, *, is_on: bool) -> None:
    """Off: the rules alone judge, and nothing is learned."""
    Learner.objects.update_or_create(agency_id=agency_id, subject=subject, defaults={"is_on": is_on})


def set_threshold(agency_id: int, subject: Subject, percent: int) -> None:
    """For versions from now on. Raises Invalid (`threshold`)."""
    if not 50 <= percent <= 100:
        raise Invalid(_("Between 50 and 100 per cent."), field="threshold")
    Learner.objects.update_or_create(agency_id=agency_id, subject=subject, defaults={"threshold": percent})


def ask_to_learn(agency_id: int, subject: Subject, *, now: datetime) -> None:
    """The clock sees it within a second; asking twice is asking once. Raises Invalid where it is off."""
    learner, _made = Learner.objects.get_or_create(agency_id=agency_id, subject=subject)
    if not learner.is_on:
        raise Invalid(_("It is off: switch it on first."), field="do")
    Learner.objects.filter(pk=learner.pk).update(asked_at=now)
