"""What was counted, and the sums of it: ids, times and counts over all stores; nothing that anybody wrote.

An `Opening` is one thing that happened, as it was counted. Sums are running: a row says how much there was until the
end of its day, since the beginning. So any period is the difference of two rows, and a row is there only for days on
which something happened. All are written by `reports.actions` alone and can be made anew from the stores' events.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency, Store
from tenants.models.grants import Grants
from tickets.channels import Channel

ALL = ""  # as a channel: the sum over all channels and categories. No opening is without a channel.


class Group(models.Model):
    """Stores of an agency that share marketplace and time zone, and so the beginning of a day: summed up together."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    marketplace = models.CharField(max_length=20, choices=Store.Marketplace)
    time_zone = models.CharField(max_length=64)
    stores = models.PositiveIntegerField(default=0, help_text="How many are summed up in its days.")
    ids_sum = models.BigIntegerField(default=0, help_text="Their ids, added up: whether it is these stores or others.")

    grants = Grants(desk="SELECT", whole_agency=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "marketplace", "time_zone"], name="group_once_per_agency")
        ]


class Counting(models.Model):
    """How far the counting of a store is, and in which group it is summed up. Its lock is the lock of its figures."""

    store = models.OneToOneField(Store, primary_key=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    next_number = models.BigIntegerField(null=True, help_text="From which ticket on counting anew goes on; or done.")
    checked_at = models.DateTimeField(null=True, help_text="When its figures were last compared with the store.")

    grants = Grants(desk="SELECT")

    class Meta:
        # actions.reconcile: whose turn it is.
        indexes = [models.Index(fields=["checked_at"], name="counting_turn")]
        verbose_name_plural = "countings"


class Opening(models.Model):
    """A buyer's new ticket, or their message after the end of one, and what became of it. As it was last counted."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ticket_number = models.BigIntegerField()
    opening = models.PositiveIntegerField(help_text="1 for the new ticket, then one more each time it is reopened.")
    opened_at = models.DateTimeField()
    day = models.DateField(help_text="In the store's time zone, as is the hour.")
    hour = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=20, choices=Channel)
    category = models.CharField(max_length=20, blank=True)
    first_response_s = models.PositiveIntegerField(null=True, help_text="Until the first human word, in seconds.")
    acknowledged = models.BooleanField()
    within = models.BooleanField(help_text="The first human word came within the goal.")
    late = models.BooleanField(help_text="It did not, whether it came or not.")
    breached = models.BooleanField(help_text="Some wait of the buyer was too long, the first or a later one.")
    closed = models.BooleanField()

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "ticket_number", "opening"], name="opening_counted_once")
        ]
        # queries.tickets: what is behind a figure of some days, latest first.
        indexes = [models.Index(fields=["store", "day", "opened_at"], name="opening_of_day")]


class Running(models.Model):
    """Sums until the end of a day. The row without a channel is the sum over all of them."""

    day = models.DateField(help_text="In the time zone of its stores.")
    channel = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=20, blank=True)
    opened = models.PositiveIntegerField()
    reopened = models.PositiveIntegerField()
    acknowledged = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    within = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    breached = models.PositiveIntegerField()
    closed = models.PositiveIntegerField()
    waits = models.BinaryField(help_text="First human responses by step, see reports.steps and reports.lanes.")
    by_hour = models.BinaryField(help_text="By hour of the day, see reports.sums. Of the row of all channels only.")

    class Meta:
        abstract = True


class StoreDay(Running):
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [
            # Also how a period is read: the last row of each boundary.
            models.UniqueConstraint(fields=["store", "channel", "category", "day"], name="store_day_once")
        ]


class GroupDay(Running):
    """The sum over the stores of a group: what a whole agency is read from, however many stores it has."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "channel", "category", "day"], name="group_day_once")]


class Measure(models.TextChoices):
    """A figure that can be opened to the tickets behind it."""

    OPENED = "opened", _("conversations")
    REOPENED = "reopened", _("reopened")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    ANSWERED = "answered", _("answered")
    UNANSWERED = "unanswered", _("without an answer")
    WITHIN = "within", _("within the goal")
    LATE = "late", _("too late")
    BREACHED = "breached", _("waited too long")
    CLOSED = "closed", _("closed")
    WAITING = "waiting", _("waiting now")
    OVERDUE = "overdue", _("overdue now")
