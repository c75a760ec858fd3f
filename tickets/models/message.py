"""消息: one thing said in a ticket, numbered without gaps."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models.scoped import StoreRow
from tickets.models.ticket import Ticket


class Message(StoreRow):
    class Kind(models.TextChoices):
        BUYER = "buyer", _("buyer")
        AGENT = "agent", _("agent")
        BOT = "bot", _("automatic")
        SYSTEM = "system", _("system")
        NOTE = "note", _("private note")

    class Delivery(models.TextChoices):
        """How far a message to the buyer has come. What came in, and notes, have none."""

        NONE = "", ""
        PENDING = "pending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        FAILED = "failed", _("not sent")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = models.TextField()
    external_id = models.CharField(max_length=200, blank=True)
    card = models.JSONField(null=True, help_text="An offer, a product, an order, or the choice of an offer.")
    client_key = models.CharField(max_length=100, blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery, blank=True, default=Delivery.NONE)
    delivery_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(help_text="When it was written, as the channel says.")
    created_at = models.DateTimeField(help_text="When it reached us; the order is seq's, never a clock's.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="message_seq_once"),
            # A double click, a retry after a lost answer: the second insert meets the first.
            models.UniqueConstraint(
                fields=["ticket", "client_key"], name="message_client_key_once", condition=~Q(client_key="")
            ),
        ]
        indexes = [
            # receive_message: the message that a repeated external id stands for.
            models.Index(fields=["external_id"], name="message_external", condition=~Q(external_id="")),
            # queries.search: words in what was said, by their runs of three letters.
            GinIndex(fields=["body"], name="message_words", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"
