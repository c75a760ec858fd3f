"""Who changed a rule, from what to what: of all its versions, also those that never came."""

from __future__ import annotations

from tenants.queries.changes import ChangeLine, changes_of_each
from tickets.policies.models import RuleVersion


def changes_of_rule(agency_id: int, kind: str, key: str) -> list[ChangeLine]:
    """The latest first. Two queries."""
    rows = RuleVersion.objects.filter(agency_id=agency_id, kind=kind, key=key)
    return changes_of_each(agency_id, RuleVersion, list(rows.values_list("pk", flat=True)))
