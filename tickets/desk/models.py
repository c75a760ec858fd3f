"""The desk's index: one public row per open ticket, and what must still happen. Ids, states and times; no text.

Foreign keys point only at slow public tables (stores, people). Rows are written by the verbs of `tickets`, in the
same transaction as the ticket itself.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.models import Item
from tenants.models import Agency, Store
from tenants.models.grants import EVERYTHING, Grants
from tickets.channels import Channel


class QueueEntry(models.Model):
    """An open ticket as the queue, the clock and capacity see it."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket_number = models.BigIntegerField()
    state = models.CharField(max_length=10)
    priority = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=20, choices=Channel)
    category = models.CharField(max_length=20, blank=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    last_seq = models.PositiveBigIntegerField()
    clock = models.CharField(max_length=10, blank=True, help_text="first, next, or empty: nobody waits for us.")
    waiting_since = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    # Written by verbs in SQL, and by benches that know nothing of it: the database has the empty one.
    due_why = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="goal:KEY:SECONDS or policy:…"
    )
    breached_at = models.DateTimeField(null=True, help_text="When the clock found it overdue; once per wait.")
    last_message_at = models.DateTimeField()
    # The timer: a tick looks at the ticket then, at the latest. `tickets.clocks.timers` says what happens.
    next_at = models.DateTimeField(null=True, help_text="When to look at it; empty: nothing happens by itself.")
    next_what = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Empty: not reckoned yet."
    )
    told = ArrayField(
        models.CharField(max_length=20), default=list, db_default=[], help_text="What happened in this silence."
    )
    snoozed_until = models.DateTimeField(null=True, help_text="Out of the queue until then, if that lies ahead.")
    escalated_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="The lead who was named when nobody had answered; as long as this silence goes on.",
    )
    # routing.queries.waiting: who is given it rather than others. Written once, when the buyer opens it.
    last_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Who answered the buyer last, in a ticket before this one.",
    )
    # Triage, written by its job alone; verbs leave it as it is. A reopened ticket begins anew.
    triaged_seq = models.PositiveBigIntegerField(default=0, db_default=0, help_text="Up to which message it was read.")
    language = models.CharField(
        max_length=2, blank=True, default="", db_default="", help_text="zh, en, or empty: not told."
    )
    sentiment = models.SmallIntegerField(default=0, db_default=0, help_text="-1 unhappy, 0, 1 pleased.")
    is_presale = models.BooleanField(null=True, help_text="Before buying; empty: nothing tells.")
    urgency = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="0, 1 soon, 2 now.")

    # The desk reckons anew what waits, when an agency changes its rules; and makes the tick look at it.
    grants = Grants(
        desk="SELECT, UPDATE (due_at, due_why, next_at)",
        store=EVERYTHING,
        reader="SELECT (store_id, ticket_number, due_at, snoozed_until)",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "ticket_number"], name="queue_one_row_per_ticket"),
            models.CheckConstraint(  # a rule's key, and no room for words
                condition=Q(due_why="") | Q(due_why__regex=r"^(goal|policy):[a-z0-9_-]+:[0-9]+$"),
                name="queue_why_is_a_key",
            ),
        ]
        indexes = [
            # The queue: stores that one may see, most urgent first.
            models.Index(fields=["store", "due_at"], name="queue_by_urgency"),
            # The tick: whom to look at.
            models.Index(fields=["next_at"], name="queue_next", condition=Q(next_at__isnull=False)),
            # triage.queries.waiting: where a buyer wrote something that was not read yet.
            models.Index(
                fields=["store"],
                name="queue_untriaged",
                condition=Q(last_seq__gt=models.F("triaged_seq")) & ~Q(clock=""),
            ),
            # timers.queries.leads: how much a lead has on their hands.
            models.Index(fields=["escalated_to"], name="queue_escalated", condition=Q(escalated_to__isnull=False)),
            # queries.chats, routing.queries.waiting: chats that ring, longest first.
            models.Index(
                fields=["waiting_since"],
                name="queue_chats_ringing",
                condition=Q(channel="widget", assignee__isnull=True, waiting_since__isnull=False),
            ),
            # routing.queries.waiting: what nobody has of other channels, in stores whose agency wants it given.
            models.Index(
                fields=["store", "waiting_since"],
                name="queue_nobodys",
                condition=Q(assignee__isnull=True, waiting_since__isnull=False) & ~Q(channel="widget"),
            ),
            # routing.queries.team: who has how many chats.
            models.Index(
                fields=["assignee"], name="queue_chats_held", condition=Q(channel="widget", assignee__isnull=False)
            ),
        ]
        verbose_name_plural = "queue entries"


class Delivery(models.Model):
    """What a channel has handed in, once: the insert is the claim, and a repeat ends here."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel)
    external_id = models.CharField(max_length=200)
    received_at = models.DateTimeField()

    grants = Grants(store=EVERYTHING)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "channel", "external_id"], name="delivery_received_once")
        ]
        verbose_name_plural = "deliveries"


class Outbox(models.Model):
    """A message that must reach a buyer. The row is the promise; a job, or a connector's poll, only looks at it."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.BigIntegerField()
    ticket_number = models.BigIntegerField()
    channel = models.CharField(max_length=20, choices=Channel)
    carried_by_us = models.BooleanField(help_text="We send it; otherwise the store's connector fetches it.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Tries that were begun.")
    next_try_at = models.DateTimeField(null=True, help_text="Empty: done, or given up.")
    created_at = models.DateTimeField()

    grants = Grants(desk="SELECT", store=EVERYTHING)
    certified = {"undelivered": Q(next_try_at__isnull=False)}  # counted apart when the store is deleted

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "message_id"], name="outbox_one_row_per_message")]
        indexes = [
            # The reconciler and the worker: what we carry and is due.
            models.Index(
                fields=["next_try_at"], name="outbox_due", condition=Q(next_try_at__isnull=False, carried_by_us=True)
            ),
            # A connector's poll: what waits for it in one store, oldest first.
            models.Index(fields=["store", "message_id"], name="outbox_waiting", condition=Q(next_try_at__isnull=False)),
            # The worker: whether an earlier message of the ticket still waits.
            models.Index(
                fields=["store", "ticket_number", "message_id"],
                name="outbox_in_order",
                condition=Q(next_try_at__isnull=False),
            ),
        ]
        verbose_name_plural = "outbox"


class Arrivals(models.Model):
    """How many conversations an address has begun with a store's widget lately; a hash stands for the address."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(max_length=20)
    since = models.DateTimeField(help_text="When the first of them began.")
    count = models.PositiveIntegerField()

    # By columns, for what a store may read whole travels in its archive: where strangers came from stays here.
    grants = Grants(store="SELECT (id, store_id, address, since, count), INSERT, UPDATE, DELETE")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "address"], name="arrivals_one_row_per_address")]
        verbose_name_plural = "arrivals"


class Presence(models.Model):
    """Whether a person is at an agency's desk and takes chats, and how they want it ordered. Their open desks keep
    `seen_at` fresh."""

    class Status(models.TextChoices):
        ONLINE = "online", _("online")
        AWAY = "away", _("away")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.ONLINE)
    back_at = models.DateTimeField(null=True, help_text="When somebody who is away means to be back.")
    seen_at = models.DateTimeField(help_text="When one of their desks was last connected.")
    taken_back = models.PositiveIntegerField(default=0, help_text="Chats that went to colleagues, not yet told.")
    by_time = models.BooleanField(
        default=False, db_default=False, help_text="Their list is in the order of time alone, whatever the headroom."
    )

    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "agency"], name="presence_once_per_agency")]
        verbose_name_plural = "presences"


class Touched(models.Model):
    """Something that is counted happened to a ticket. Written with it, taken away with the counting: nothing is lost.

    Only ever inserted and deleted, so that two verbs never wait for each other here.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ticket_number = models.BigIntegerField()
    at = models.DateTimeField()

    grants = Grants(store="INSERT")

    class Meta:
        verbose_name_plural = "touched"


class SopCount(models.Model):
    """How often something happened with an SOP in a store: adherence is read here, over all stores, with one query.

    Written by the verbs of a run in their transaction. `step` is empty for what happened to runs as a whole. The item
    is the agency's, so the counts stay with the agency when the store moves elsewhere; the runs go with the store.
    """

    class What(models.TextChoices):
        STARTED = "started"
        FINISHED = "finished"
        STOPPED = "stopped"
        DONE = "done"
        SKIPPED = "skipped"
        DECIDED = "decided"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    step = models.CharField(max_length=40, blank=True)
    what = models.CharField(max_length=10, choices=What)
    count = models.PositiveIntegerField(default=0)

    grants = Grants(desk="SELECT", store="SELECT, INSERT, UPDATE")

    class Meta:
        constraints = [
            # Leads with the item: queries.adherence reads one item over the stores of an agency.
            models.UniqueConstraint(fields=["item", "store", "version", "step", "what"], name="sop_counted_once"),
        ]
