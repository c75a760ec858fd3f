"""revoke: a lead takes a person's certificates of an exam away. They may sit it again at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants.actions.log_change import log_change
from tenants.errors import NotFound
from tenants.models import User
from tickets.certification.models import Certificate, Exam


@transaction.atomic
def revoke(exam: Exam, person_id: int, *, by: User, now: datetime) -> int:
    """How many. Raises NotFound where there is none to take away."""
    rows = Certificate.objects.filter(exam=exam, person_id=person_id, revoked_at=None)
    count = rows.update(revoked_at=now, revoked_by=by)
    if not count:
        raise NotFound(field="person")
    log_change(exam, agency_id=exam.agency_id, by=by, now=now, kind="revoked", after={"person": person_id})
    return count
