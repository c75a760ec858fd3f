"""How an agency wants tickets given: its plan, and rules about who may have what. Never a buyer's words."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models import Agency
from tenants.models.grants import Grants
from tickets.channels import Channel


def chats_alone() -> list[str]:
    return [Channel.WIDGET.value]


class Plan(models.Model):
    """Of an agency; without one the defaults here hold."""

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, related_name="+")
    channels = ArrayField(models.CharField(max_length=20, choices=Channel), default=chats_alone)
    ring_s = models.PositiveIntegerField(default=10)
    most_chats = models.PositiveSmallIntegerField(default=6, help_text="At once, for whom no capacity is said.")
    most_others = models.PositiveSmallIntegerField(default=20, help_text="… of each other channel, waiting for us.")
    take_back_s = models.PositiveIntegerField(default=60, help_text="Chats, from somebody whose desks are gone.")
    take_back_others_min = models.PositiveIntegerField(null=True, help_text="Other channels; empty: never.")
    longest_queue = models.PositiveIntegerField(null=True, help_text="Chats that ring in a store; empty: no limit.")

    # By columns inside a store, which must know when its queue is full; the rest is the agency's own.
    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT (agency_id, longest_queue)")

    class Meta:
        verbose_name = _("giving of tickets")
        verbose_name_plural = _("giving of tickets")

    def __str__(self) -> str:
        return str(_("How tickets are given"))


class Rule(models.Model):
    """Who may have which tickets. The first whose conditions hold counts; an empty condition lets all through."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    is_on = models.BooleanField(pgettext_lazy("a rule", "on"), default=True)
    order = models.PositiveIntegerField(default=0)
    channels = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    stores = models.JSONField(default=list, help_text="Their ids.")
    is_urgent = models.BooleanField(default=False)
    demands = models.JSONField(default=list, help_text="Kinds of skill that must have been said.")
    pool = models.JSONField(default=list, help_text="The ids of people; empty: everybody who may.")
    keep_min = models.PositiveIntegerField(default=0, help_text="Kept so long for whoever had it last.")
    after_s = models.PositiveIntegerField(null=True, help_text="Rings so long; empty: as the plan says.")

    grants = Grants(desk="SELECT, INSERT, UPDATE, DELETE", whole_agency=True)

    class Meta:
        verbose_name = _("rule of giving")
        verbose_name_plural = _("rules of giving")
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "name"],
                name="routing_rule_name_once",
                violation_error_message=_("There is a rule of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
