"""What is left of a store that was deleted: names, times and numbers; nothing that a buyer wrote."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db import models

from tenants.models.agency import Agency
from tenants.models.grants import Grants


class DeletionCertificate(models.Model):
    """Begun before the first table goes, so that what was there is known however often a deletion is interrupted.

    `deleted_at` and `sha256` come last, in the transaction that takes the Store row away. Nobody but the owner's
    login can take a certificate away again.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    agency_name = models.CharField(max_length=120)  # as it was: the hash must not break when an agency is renamed
    slug = models.SlugField(max_length=40)
    store_name = models.CharField(max_length=120)
    schema_name = models.CharField(max_length=63, unique=True)
    opened_at = models.DateTimeField()
    archived_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    by_order = models.BooleanField(default=False, help_text="Before the grace period was over, for the reason given.")
    counts = models.JSONField(help_text="tables and public: rows by table; undelivered and the like; files; bytes.")
    sha256 = models.CharField(max_length=64, blank=True)

    grants = Grants(operator="SELECT, INSERT, UPDATE")

    class Meta:
        # queries.certificate_of: the latest one of a short name.
        indexes = [models.Index(fields=["slug", "deleted_at"], name="certificate_by_slug")]

    def __str__(self) -> str:
        return f"{self.slug} ({self.schema_name})"

    def document(self) -> dict[str, Any]:
        """What is certified, JSON-able. Times in UTC. Its canonical form is hashed; see `digest`."""
        return {
            "agency": {"id": self.agency_id, "name": self.agency_name},
            "store": {"slug": self.slug, "name": self.store_name, "schema": self.schema_name},
            "opened_at": _time(self.opened_at),
            "archived_at": _time(self.archived_at),
            "deleted_at": _time(self.deleted_at),
            "deleted_by": self.deleted_by,
            "reason": self.reason,
            "by_order": self.by_order,
            "counts": self.counts,
        }

    def signed(self) -> dict[str, Any]:
        """The document as it is handed out: with its hash."""
        return {**self.document(), "sha256": self.sha256}


def digest(document: dict[str, Any]) -> str:
    """SHA-256 over the document without its hash: UTF-8 JSON, keys sorted, no white space."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None
