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

    grants = Grants(store="INSERT")

    class Meta:
        verbose_name_plural = "stirred"
