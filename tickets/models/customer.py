"""买家: who writes to the store, as one channel knows them."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from tenants.models.scoped import StoreRow
from tickets.channels import Channel


class Customer(StoreRow):
    channel = models.CharField(max_length=20, choices=Channel)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="zh or en: what they last wrote in.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="customer_once_per_channel")]
        indexes = [
            # queries.search: a part of the buyer's name, id or e-mail.
            GinIndex(fields=["name", "external_id", "email"], name="customer_words", opclasses=["gin_trgm_ops"] * 3),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id
