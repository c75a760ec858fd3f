"""Public rows of triage: whether an agency's learner is on, and what it has learned. Numbers only; never a word.

A model's features are keyed numbers (features.py), so nothing that a buyer wrote is in these tables.
"""

from __future__ import annotations

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency
from tenants.models.grants import Grants

THRESHOLD: Final = 80  # per cent of the held-out tickets that a version must judge rightly, unless the agency says else


class Subject(models.TextChoices):
    """What is learned, each by a learner of its own: `tickets.triage.subjects` says the rest."""

    CATEGORY = "category", _("Category")
    MOOD = "mood", _("Mood")


class Learner(models.Model):
    """How an agency's learner is set, and when it last learned. None until somebody sets it or the clock begins."""

    class Told(models.TextChoices):
        """What came of the latest training."""

        NOTHING = "", ""
        LEARNED = "learned", _("learned")
        TOO_FEW = "too_few", _("too few to learn from")
        BELOW = "below", _("not good enough, the version before stays")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject = models.CharField(max_length=10, choices=Subject)
    is_on = models.BooleanField(default=True)
    threshold = models.PositiveSmallIntegerField(
        default=THRESHOLD, validators=[MinValueValidator(50), MaxValueValidator(100)], help_text="Per cent."
    )
    asked_at = models.DateTimeField(null=True, help_text="Somebody wants it to learn now.")
    begun_at = models.DateTimeField(null=True, help_text="When the latest training began.")
    told = models.CharField(max_length=10, choices=Told, blank=True)
    examples = models.PositiveIntegerField(default=0, help_text="Labels of people that could be learned from, then.")
    found = models.JSONField(default=dict, help_text="Of which kind they were: {label: how many}.")
    beside = models.PositiveIntegerField(default=0, help_text="Beside them, what teaches and judges nothing: ratings.")

    grants = Grants(desk="SELECT, INSERT, UPDATE", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "subject"], name="triage_learner_once")]


class Version(models.Model):
    """What was learned once. `data` is model.py's, empty once newer ones have taken its place."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=10, choices=Subject)
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    stores = models.PositiveIntegerField(help_text="From how many stores there were tickets.")
    taught = models.PositiveIntegerField()
    held_out = models.PositiveIntegerField()
    right = models.PositiveIntegerField(help_text="Of the held out, those judged rightly.")
    right_by_rule = models.PositiveIntegerField(help_text="… and those that the rules alone judge rightly.")
    is_good = models.BooleanField(help_text="It may judge: above the threshold, and no worse than the rules.")
    by_label = models.JSONField(help_text="[[label, held out, judged to be it, rightly], …]")
    left_out = models.JSONField(default=dict, help_text="Labels that are too few: {label: how many}.")
    features = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes.")
    key_mark = models.CharField(max_length=16, help_text="Which key its features are numbered by.")
    data = models.BinaryField()

    grants = Grants(
        desk='SELECT (id, agency_id, subject, number, made_at, stores, taught, held_out, "right", right_by_rule,'
        " is_good, by_label, left_out, features, size, key_mark)",
        whole_agency=True,
    )

    class Meta:
        # Also how the version in force is found: the agency's latest good one of the subject.
        constraints = [models.UniqueConstraint(fields=["agency", "subject", "number"], name="triage_version_once")]
