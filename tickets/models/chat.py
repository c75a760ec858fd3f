"""The store's chat widget, who visits it, and what a chat has beyond its ticket."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models.scoped import StoreRow
from tickets.models.customer import Customer
from tickets.models.ticket import Ticket

THE_WIDGET = 1  # a store has one


class ChatWidget(StoreRow):
    """How the store's widget looks and who may embed it. One row; none until somebody sets it up."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_WIDGET)
    key = models.CharField(max_length=40, help_text="Public: names the widget in the shop's page.")
    is_on = models.BooleanField(default=True)
    sites = models.JSONField(default=list, help_text="Origins of pages that may embed it: https://shop.example")
    color = models.CharField(max_length=7, default="#1c57a5")
    position = models.CharField(max_length=5, choices=[("right", _("right")), ("left", _("left"))], default="right")
    greeting_zh = models.CharField(max_length=300, blank=True)
    greeting_en = models.CharField(max_length=300, blank=True)
    fields = models.JSONField(default=list, help_text='The form before a chat: [{"name": "email", "required": true}]')
    consent_zh = models.CharField(max_length=500, blank=True, help_text="What the buyer agrees to; empty: not asked.")
    consent_en = models.CharField(max_length=500, blank=True)
    shows_typing = models.BooleanField(default=False, help_text="Agents see what the buyer types before it is sent.")
    sound = models.BooleanField(default=True)
    identity_secret = models.CharField(max_length=64, help_text="Signs who is signed in at the shop.")
    changed_at = models.DateTimeField()

    class Meta:
        """Its own, so that the base manager that StoreRow names asks for no migration."""

    def __str__(self) -> str:
        return self.key


class Visitor(StoreRow):
    """Somebody's browser, known by a secret that only it has; we keep its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, hexadecimal.")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="visitors")
    is_identified = models.BooleanField(default=False, help_text="The shop has vouched for who this is.")
    introduced_at = models.DateTimeField(null=True, help_text="When the form was filled in and consent given.")
    answers = models.JSONField(default=dict, help_text="What the form asked beyond name and e-mail.")
    page = models.CharField(max_length=500, blank=True, help_text="Where they chat from.")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        """Its own, so that the base manager that StoreRow names asks for no migration."""

    def __str__(self) -> str:
        return str(self.id)


class Chat(StoreRow):
    """A ticket that is held in the widget: how far each side has read, and how it ended."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="chat")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="What the buyer's browser calls it.")
    buyer_has = models.PositiveBigIntegerField(default=0, help_text="The last seq that reached the buyer's browser.")
    buyer_read = models.PositiveBigIntegerField(default=0, help_text="The last seq that the buyer has looked at.")
    desk_has = models.PositiveBigIntegerField(default=0, help_text="The last seq that reached an agent's desk.")
    desk_read = models.PositiveBigIntegerField(default=0, help_text="The last seq that an agent has looked at.")
    draft = models.CharField(max_length=500, blank=True, help_text="What the buyer is typing, where agents may see it.")
    draft_at = models.DateTimeField(null=True)
    score = models.PositiveSmallIntegerField(null=True, help_text="1 to 5, by the buyer.")
    comment = models.CharField(max_length=1000, blank=True)
    rated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="chat_score_is_1_to_5",
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=5),
                violation_error_message=_("A rating is from 1 to 5."),
            )
        ]

    def __str__(self) -> str:
        return f"chat of #{self.ticket_id}"
