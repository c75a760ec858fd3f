"""排班: who works when, and in which store."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency, Store
from tenants.models.grants import Grants


def _alone(column: str) -> Func:
    """A range with one number in it: it overlaps where numbers are equal, and GiST needs no extension for that."""
    return Func(F(column), F(column), Value("[]"), function="int8range")


class Shift(models.Model):
    """A person works from an instant to another: in one store, or in every store that they were given.

    `time_zone` is the one in which it was written, so that next week's begins at the same time of day.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)

    # By columns inside a store, for what a store may read whole travels in its archive: the agency's roster is its own.
    grants = Grants(
        desk="SELECT, INSERT, DELETE",
        store="SELECT (id, agency_id, person_id, store_id, begins_at, ends_at)",
        whole_agency=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="shift_ends_after_it_begins",
                condition=Q(ends_at__gt=F("begins_at")),
                violation_error_message=_("A shift ends after it begins."),
            ),
            # Also the index of queries.duty and queries.week: an agency's shifts in a time.
            ExclusionConstraint(
                name="shift_in_one_place",
                expressions=[
                    (_alone("agency_id"), RangeOperators.OVERLAPS),
                    (_alone("person_id"), RangeOperators.OVERLAPS),
                    (Func(F("begins_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("They work somewhere else then."),
            ),
        ]
        indexes = [
            # queries.duty, queries.week: an agency's shifts of a week or a moment.
            models.Index(fields=["agency", "ends_at", "begins_at"], name="shift_of_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.begins_at:%Y-%m-%d %H:%M}"


class RosterEdit(models.Model):
    """One act on the roster and the way back: what it took away and what it put there. Each is a list of
    {person, store, begins, ends, zone}.
    """

    class Kind(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")
        COPIED = "copied", _("copied")
        IMPORTED = "imported", _("imported")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    removed = models.JSONField(default=list)
    added = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE (undone_at)", whole_agency=True)

    class Meta:
        indexes = [
            # queries.week: the latest edits.
            models.Index(fields=["agency", "-id"], name="roster_edit_of_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
