"""One person's tries, and what a passed one is worth."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tenants.models import Agency
from tenants.models.grants import Grants
from tickets.certification.models.exam import Exam

UNDER_WAY = Q(ended_at=None)


class Sitting(models.Model):
    """A try. `asked` is what was drawn, as it read then: [{id, kind, zh, en, choices: [{zh, en}], right: [places],
    why_zh, why_en, sop, step}]; `answers`: {place of the question: [places of choices]}, saved as they are given.

    `versions`: {SOP: version} as it began. `results`, once it has ended: {question's id: whether it was right}.
    `revision` rises with every answer, so that a second tab is told what it has not seen.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seed = models.BigIntegerField()
    asked = models.JSONField()
    pass_mark = models.PositiveSmallIntegerField()
    versions = models.JSONField(default=dict)
    begun_at = models.DateTimeField()
    until = models.DateTimeField()
    answers = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    results = models.JSONField(default=dict)
    per_cent = models.PositiveSmallIntegerField(null=True)
    passed = models.BooleanField(null=True)

    grants = Grants(
        desk="SELECT, INSERT, UPDATE (answers, revision, ended_at, results, per_cent, passed)", whole_agency=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exam", "person"], name="sitting_one_at_a_time", condition=UNDER_WAY),
            models.CheckConstraint(name="sitting_ends_after_it_begins", condition=Q(until__gt=F("begun_at"))),
        ]
        indexes = [
            # queries.sittings: a person's tries of an exam, the latest first; queries.results: all of an exam.
            models.Index(fields=["exam", "person", "-begun_at"], name="sitting_of_person"),
            # actions.sit.follow: whose time is over.
            models.Index(fields=["until"], name="sitting_under_way", condition=UNDER_WAY),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.person_id}"


class Certificate(models.Model):
    """A person passed. It holds until it is revoked, and in each store until that runs something newer: see lapse.py.

    `versions`: {SOP: version} that was learnt, `learnt_at` when.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sitting = models.OneToOneField(Sitting, on_delete=models.CASCADE, related_name="+")
    versions = models.JSONField(default=dict)
    learnt_at = models.DateTimeField()
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    grants = Grants(desk="SELECT, INSERT, UPDATE (revoked_at, revoked_by_id)", whole_agency=True)

    class Meta:
        indexes = [
            # queries.certified: each person's latest of an exam.
            models.Index(
                fields=["exam", "person", "-learnt_at"], name="certificate_latest", condition=Q(revoked_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.person_id}"
