"""cancel_release: a release that waits for its time is called off."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.actions.deliver_release import Outcome, Reason
from knowledge.actions.write_item import note
from knowledge.models import Release
from tenants.errors import Conflict
from tenants.models import User


class AlreadyReleased(Conflict):
    code = "already_released"
    message = _("It has taken effect already. Undo it instead.")


def cancel_release(release: Release, *, author: User, now: datetime) -> None:
    """Once: cancelling again does nothing. Raises AlreadyReleased."""
    with transaction.atomic():
        waiting = Release.objects.filter(pk=release.pk, done_at__isnull=True, cancelled_at__isnull=True)
        if not waiting.update(cancelled_at=now):
            if Release.objects.filter(pk=release.pk, cancelled_at__isnull=True).exists():
                raise AlreadyReleased
            return
        release.stores.filter(outcome=Outcome.WAITING).update(outcome=Outcome.REFUSED, reason=Reason.CANCELLED)
        number = release.version.number if release.version else None
        note(release.item, "release_cancelled", by=author, after={"version": number}, now=now)
