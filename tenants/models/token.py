"""Keys for integrators: hashed at rest, recognisable by prefix, never wider than the person they act for."""

from __future__ import annotations

import hashlib
import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models.agency import Agency
from tenants.models.grants import Grants
from tenants.models.people import User
from tenants.models.store import Store

PREFIX = "dfk_"


def digest(secret: str) -> str:
    """SHA-256 is enough here: the secret has 256 bits of its own and cannot be guessed from the hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class ApiToken(models.Model):
    class Scope(models.TextChoices):
        READ = "read", pgettext_lazy("scope of a token", "read")
        WRITE = "write", pgettext_lazy("scope of a token", "read and write")

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The first letters, to tell tokens apart.")
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens")
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the hour; a busy token is not a hot row.")

    grants = Grants(desk="SELECT, UPDATE (last_used_at)")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_opens_one",
                condition=models.Q(agency__isnull=False) ^ models.Q(store__isnull=False),
                violation_error_message=_("A token opens one agency or one store."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)
