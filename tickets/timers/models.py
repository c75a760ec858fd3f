"""Public rows of the timers: an agency's plan and rules, and the outbox of what came due. Never a buyer's words."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models import Agency, Store
from tenants.models.grants import Grants
from tickets.clocks.rules import ANSWERED, CLOSED, WAITING, Does, Has

DONE_BY_TICKING: Final = 5  # tries; then a row stays for people to look at


class Plan(models.Model):
    """How an agency wants to be warned. Without one the defaults of tickets.clocks.timers hold.

    The last three columns say before when nothing can happen to a ticket by itself. Verbs read them in the statement
    that ends them, and so need not know the rules.
    """

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, related_name="+")
    warn_at = ArrayField(models.PositiveSmallIntegerField(), help_text="Per cent of the clock, ascending.")
    notice_at = models.PositiveSmallIntegerField(
        _("tell the buyer at"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
        help_text=_("Per cent of the time. Empty: the buyer is not told that it takes longer."),
    )
    notice_from_min = models.PositiveIntegerField(
        _("only where the goal is at least"), default=10, help_text=_("Minutes.")
    )
    escalate_after_min = models.PositiveIntegerField(
        _("escalate"),
        null=True,
        blank=True,
        help_text=_("Minutes after the goal was missed: the ticket becomes urgent and is marked. Empty: never."),
    )
    first_share = models.PositiveSmallIntegerField(null=True)
    waiting_s = models.PositiveIntegerField(null=True, help_text="The shortest wait of a rule for waiting tickets.")
    silent_s = models.PositiveIntegerField(null=True, help_text="… and of one for tickets that wait for the buyer.")

    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT")

    class Meta:
        verbose_name = _("warnings")
        verbose_name_plural = _("warnings")

    def __str__(self) -> str:
        return str(_("Warnings and notices"))


class Rule(models.Model):
    """Wait X, then do Y, as an owner wrote it. Empty lists allow all."""

    class State(models.TextChoices):
        ANSWERED = ANSWERED, _("the buyer is silent")
        WAITING = WAITING, _("the buyer waits for us")
        CLOSED = CLOSED, _("the ticket was closed")

    class Action(models.TextChoices):
        NUDGE = Does.NUDGE, _("send the buyer a word")
        CLOSE = Does.CLOSE, _("close the ticket")
        ASSIGN = Does.ASSIGN, _("give it to somebody, or to nobody")
        PRIORITY = Does.PRIORITY, _("set the priority")
        REOPEN = Does.REOPEN, _("open it again, as a task for an agent")

    class Assigned(models.TextChoices):
        ANY = Has.ANY, _("whoever has it")
        SOMEBODY = Has.SOMEBODY, _("somebody has it")
        NOBODY = Has.NOBODY, _("nobody has it")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    is_on = models.BooleanField(pgettext_lazy("a rule", "on"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=100, help_text=_("Rules act in this order."))
    state = models.CharField(_("when"), max_length=10, choices=State, default=State.ANSWERED)
    wait_s = models.PositiveIntegerField()
    in_hours = models.BooleanField(_("count business hours only"), default=False)
    channels = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    priorities = models.JSONField(default=list)
    has = models.CharField(_("and"), max_length=10, choices=Assigned, blank=True, default=Assigned.ANY)
    does = models.CharField(_("then"), max_length=10, choices=Action, default=Action.NUDGE)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    priority = models.PositiveSmallIntegerField(null=True, blank=True)
    text_zh = models.TextField(_("word in Chinese"), blank=True)
    text_en = models.TextField(_("word in English"), blank=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE, DELETE", store="SELECT")

    class Meta:
        verbose_name = _("time rule")
        verbose_name_plural = _("time rules")
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "name"],
                name="rule_name_once",
                violation_error_message=_("There is a rule of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class FollowUp(models.Model):
    """What a rule wants done some time after a ticket was closed. The row is the timer; it goes when it comes due."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ticket_number = models.BigIntegerField()
    rule_id = models.BigIntegerField(help_text="No key: a rule that is gone is one that wants nothing any more.")
    closed_at = models.DateTimeField(help_text="Of the closing that it follows: another one is another matter.")
    at = models.DateTimeField()

    # By columns: the rule is the agency's, so that these do not travel in a store's archive.
    grants = Grants(store="SELECT (id, store_id, ticket_number, rule_id, closed_at, at), INSERT, UPDATE, DELETE")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "ticket_number", "rule_id"], name="follow_up_once_by_rule"),
        ]
        indexes = [
            # claim_follow_ups: what is due.
            models.Index(fields=["at"], name="follow_up_due"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} #{self.ticket_number}"


class Fired(models.Model):
    """Something came due for a ticket. Written by the tick with the claim, and gone in the transaction that did it."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ticket_number = models.BigIntegerField()
    what = models.CharField(max_length=20)
    at = models.DateTimeField(help_text="When it was due.")
    fired_at = models.DateTimeField(help_text="When the tick found it.")
    since = models.DateTimeField(help_text="When the silence began that it is about.")
    clock = models.CharField(max_length=10, blank=True)
    due_at = models.DateTimeField(null=True)
    last_seq = models.PositiveBigIntegerField()
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)

    # By columns, for what a store may read whole travels in its archive: these rows are gone in seconds.
    grants = Grants(
        store="SELECT (id, store_id, ticket_number, what, at, fired_at, since, clock, due_at, last_seq, tries),"
        " UPDATE (tries), DELETE"
    )

    class Meta:
        verbose_name_plural = "fired"

    def __str__(self) -> str:
        return self.what
