"""How far each store's schema has come: what makes "nothing to do" one query over a thousand stores."""

from django.db import models

from tenants.models.grants import Grants
from tenants.models.store import Store


class SchemaRecord(models.Model):
    """One line of the fleet's ledger. Written by `tenants.fleet`, in the same transaction as the schema's change."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="schema_record", primary_key=True)
    at = models.CharField(max_length=200, help_text="The last migration of each app in it: tickets.0002_index_words.")
    changed_at = models.DateTimeField()
    failure = models.TextField(blank=True, help_text="What stopped the latest migration of this schema.")
    failed_at = models.DateTimeField(null=True)

    grants = Grants(operator="SELECT, DELETE")  # deleting: with its store

    class Meta:
        # fleet.ledger: which schemas are not at head, and which failed.
        indexes = [models.Index(fields=["at"], name="schema_record_at")]

    def __str__(self) -> str:
        return f"{self.store_id} at {self.at}"
