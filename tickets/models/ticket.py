"""工单: one conversation about one matter. Its clock is in the desk's index, not here."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tenants.models.scoped import StoreRow
from tickets.channels import Channel
from tickets.models.customer import Customer


class Priority(models.IntegerChoices):
    URGENT = 1, _("urgent")
    HIGH = 2, _("high")
    NORMAL = 3, _("normal")


class Ticket(StoreRow):
    """The number is the key: every store counts for itself, and no two stores share a table."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for us")
        ANSWERED = "answered", _("waits for the buyer")
        CLOSED = "closed", _("closed")

    number = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel)
    subject = models.CharField(max_length=300, blank=True)
    category = models.CharField(max_length=20, choices=Category, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_seq = models.PositiveBigIntegerField(default=0)
    openings = models.PositiveIntegerField(default=1, help_text="By the buyer: writing after the end counts.")
    opened_at = models.DateTimeField(help_text="The latest opening.")
    waiting_since = models.DateTimeField(null=True, help_text="Since when the buyer waits for a human word.")
    first_response_at = models.DateTimeField(null=True, help_text="The first human word since the latest opening.")
    last_message_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    version: str | None = None  # of the row, where it was read without its lock: see `record`

    class Meta:
        indexes = [
            # receive_message: a customer's latest ticket.
            models.Index(fields=["customer", "-number"], name="ticket_of_customer"),
            # queries.wait: first human words of the last hour …
            models.Index(
                fields=["-first_response_at"], name="ticket_answered", condition=Q(first_response_at__isnull=False)
            ),
            # … and those who still wait for one. By nothing that changes with each word of a chat, or every index here
            # would get a new entry with it.
            models.Index(
                fields=["-opened_at"],
                name="ticket_unanswered",
                condition=Q(first_response_at__isnull=True, closed_at__isnull=True),
            ),
            # queries.search: words of the subject, which only e-mail and some shops have.
            GinIndex(fields=["subject"], name="ticket_words", opclasses=["gin_trgm_ops"], condition=~Q(subject="")),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def is_closed(self) -> bool:
        return self.state == self.State.CLOSED
