"""考核规则: an agency's own versions of policies and goals, and when its stores are open. Public: no buyer's word.

What `tickets.clocks.shipped` says holds wherever there is no row. Rows of a past day are never changed.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency, Store
from tenants.models.grants import Grants


class RuleVersion(models.Model):
    """One dated version of a policy or a goal. `terms`: what a form of it asks, see `tickets.policies.terms`."""

    class Kind(models.TextChoices):
        POLICY = "policy", _("policy")
        GOAL = "goal", _("goal")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    key = models.SlugField(max_length=40)
    number = models.PositiveIntegerField(help_text="From 1; what is shipped is 0.")
    from_date = models.DateField()
    to_date = models.DateField(null=True, help_text="The first day on which it no longer holds.")
    terms = models.JSONField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, help_text="When another took its place, or it was not to come.")

    grants = Grants(desk="SELECT, INSERT, UPDATE (withdrawn_at)", store="SELECT")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "kind", "key", "number"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["agency", "kind", "key", "from_date"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="rule_one_version_a_day",
                violation_error_message=_("Another version begins on this day."),
            ),
            models.CheckConstraint(
                condition=models.Q(to_date__isnull=True) | models.Q(to_date__gte=models.F("from_date")),
                name="rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class StoreTerms(models.Model):
    """From a day on: when a store is open, in which market it sells, and what it is measured by."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    from_date = models.DateField()
    week = models.JSONField(help_text="Seven texts, Monday first: 09:00-12:00, 13:30-18:00.")
    market = models.CharField(max_length=10, blank=True)
    bot_is_on = models.BooleanField(default=False, help_text="The marketplace's own bot answers first.")
    policies = models.JSONField(null=True, help_text="Keys; empty: what its marketplace and market ask.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "from_date"], name="store_terms_once_a_day")]
        verbose_name_plural = "store terms"

    def __str__(self) -> str:
        return f"{self.store_id} {self.from_date}"


class SpecialDay(models.Model):
    """A date on which a store is closed, open at other times than its week says, or on holiday at its marketplace."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    spans = models.CharField(max_length=200, blank=True, help_text="Empty: closed.")
    name = models.CharField(max_length=80, blank=True)
    is_holiday_mode = models.BooleanField(default=False, help_text="The marketplace knows: it counts nothing.")
    source = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="COUNTRY:YEAR; empty: a person's own."
    )

    grants = Grants(desk="SELECT, INSERT, UPDATE, DELETE", store="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "date"], name="special_day_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()
