"""What happened to every ticket, and what the marketplaces' policies make of it. Public: ids, kinds, times, counts.

`Happening` is the truth: only ever added to, by the statement that ends each verb. Everything else here is reckoned
from it by `tickets.clocks.score` and can be made anew at any time, to the same figures.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tenants.models import Store
from tenants.models.grants import Grants
from tickets.channels import Channel
from tickets.clocks.happenings import Kind
from tickets.clocks.score import Standing, Verdict, Why


class Happening(models.Model):
    """One thing that happened to a ticket, as a marketplace would have seen it."""

    # Without an index of its own, as `person`: the two below begin with the store, and nobody looks for a person.
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket_number = models.BigIntegerField()
    channel = models.CharField(max_length=20, choices=Channel)
    kind = models.CharField(max_length=15, choices=[(kind.value, kind.value) for kind in Kind])
    at = models.DateTimeField(help_text="By the buyer's or the marketplace's clock.")
    recorded_at = models.DateTimeField(help_text="When we heard of it.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Who did it; of a transfer: who had the ticket until then.",
    )
    is_bare = models.BooleanField(help_text="A greeting alone, such as “Hi”; of the bot: that it has arrived.")

    # Stores read them whole, so that they travel in a store's archive: what is reckoned from them is reckoned there.
    grants = Grants(desk="SELECT", store="SELECT, INSERT")

    class Meta:
        indexes = [
            # queries.feed: all that happened to some tickets.
            models.Index(fields=["store", "ticket_number"], name="happening_of_ticket"),
            # The demand of some weeks, by hour.
            models.Index(fields=["store", "at"], name="happening_demand", condition=models.Q(kind="buyer")),
        ]


class Stirred(models.Model):
    """A ticket to which something happened that is not scored yet. Written with it, taken away with the scoring.

    Only ever inserted and deleted, so that two verbs never wait for each other here.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ticket_number = models.BigIntegerField()

    grants = Grants(desk="INSERT", store="INSERT")

    class Meta:
        verbose_name_plural = "stirred"


class ScoredRound(models.Model):
    """A round of a ticket as one policy counts it; `tickets.clocks.score` says what the words mean."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    policy = models.CharField(max_length=40)
    ticket_number = models.BigIntegerField()
    number = models.PositiveIntegerField(help_text="From 1 in the ticket.")
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    day = models.DateField(help_text="The marketplace's, on which it began.")
    verdict = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Verdict])
    why = models.CharField(max_length=20, blank=True, choices=[(one.value, one.value) for one in Why])
    waited_s = models.FloatField(null=True)
    worth = models.PositiveSmallIntegerField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField()

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [
            # Two that score the same ticket at once: the second one's work is undone, and done again.
            models.UniqueConstraint(fields=["store", "ticket_number", "policy", "number"], name="round_scored_once"),
        ]
        indexes = [
            # queries.rounds: one policy's in a store, latest first.
            models.Index(fields=["store", "policy", "-began"], name="round_of_policy"),
            # follow: what was in time and is not any more.
            models.Index(fields=["due_at"], name="round_open", condition=models.Q(verdict=Verdict.OPEN)),
        ]


class ScoreDay(models.Model):
    """What one policy counted in a store on one of its days: sums of `ScoredRound`."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    policy = models.CharField(max_length=40)
    day = models.DateField()
    met = models.IntegerField()
    missed = models.IntegerField()
    excluded = models.IntegerField()
    worth = models.IntegerField()
    seconds = models.BigIntegerField()

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "policy", "day"], name="score_day_once")]


class StoreScore(models.Model):
    """How a store stands with one policy on `day`, read by the fleet's page and by whoever orders the desk."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    policy = models.CharField(max_length=40)
    day = models.DateField(help_text="The policy's today when it was reckoned.")
    until = models.DateTimeField(help_text="When that day ends, and the window moves on.")
    rate = models.FloatField(null=True, help_text="A share, or seconds; empty: nothing was counted.")
    counted = models.IntegerField()
    missed = models.IntegerField()
    excluded = models.IntegerField()
    headroom = models.IntegerField(null=True)
    standing = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Standing])
    falls_on = models.DateField(null=True, help_text="Forecast: the first day below the target.")
    at_end = models.FloatField(null=True, help_text="Forecast: the rate when today leaves the window.")

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "policy"], name="score_of_store_once")]
        indexes = [
            # follow: windows that have moved on.
            models.Index(fields=["until"], name="score_moves_on"),
        ]
