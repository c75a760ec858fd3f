"""The key by which an agency's features are numbered: from the deployment's secret, kept nowhere."""

from __future__ import annotations

from django.utils.crypto import salted_hmac


def key_of(agency_id: int) -> bytes:
    """32 bytes. Another SECRET_KEY makes another key: what was learned by the old one is not used, and learned anew."""
    return salted_hmac("tickets.triage", str(agency_id), algorithm="sha256").digest()


def mark_of(key: bytes) -> str:
    """Tells one key from another, and says nothing about either."""
    return salted_hmac("tickets.triage.mark", key.hex(), algorithm="sha256").hexdigest()[:16]
