"""The audit: who did what to which ticket, and what it was before. Written by verbs, never changed."""

from enum import StrEnum
from typing import ClassVar, Final

from django.conf import settings
from django.db import models

from tenants.models.scoped import StoreRow
from tickets.models.ticket import Ticket

CATEGORISED: Final = "ticket.categorised"  # by a person, or by triage, which says so in `by`
MOOD_SAID: Final = "ticket.mood_said"  # in the same way
TRIAGE: Final = "triage"


class ByTime(StrEnum):
    """Kinds of what happened because time went by."""

    WARNED = "clock.warned"
    ESCALATED = "clock.escalated"
    TOLD_OF_DELAY = "clock.told_of_delay"
    RULE_ACTED = "clock.rule_acted"
    NOT_FOLLOWED_UP = "clock.not_followed_up"
    SNOOZED = "ticket.snoozed"
    WOKEN = "ticket.woken"


class Event(StoreRow):
    class Kind(models.TextChoices):
        OPENED = "ticket.opened"
        REOPENED = "ticket.reopened"
        CLOSED = "ticket.closed"
        ASSIGNED = "ticket.assigned"
        RECEIVED = "message.received"
        ACKNOWLEDGED = "message.acknowledged"
        REPLIED = "message.replied"
        NOTED = "message.noted"
        DELIVERY = "message.delivery"
        BREACHED = "clock.breached"
        TAKEN_BACK = "chat.taken_back"
        RATED = "chat.rated"
        INTRODUCED = "chat.introduced"
        SOP_STARTED = "sop.started"
        SOP_STEP = "sop.step"
        SOP_SKIPPED = "sop.skipped"
        SOP_DECIDED = "sop.decided"
        SOP_FINISHED = "sop.finished"
        SOP_STOPPED = "sop.stopped"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=30, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.CharField(max_length=80, blank=True, help_text="The token or process, where it was not a person.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()

    # An archive carries them over as it does a key: their numbers are other people's elsewhere.
    people_in: ClassVar = {"before": ("assignee",), "after": ("assignee", "to")}

    class Meta:
        # A ticket's history, oldest first.
        indexes = [models.Index(fields=["ticket", "id"], name="event_of_ticket")]

    def __str__(self) -> str:
        return self.kind
