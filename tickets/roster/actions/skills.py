"""set_skills: what a person can do, and how many conversations of each channel they have at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from knowledge.categories import Category
from tenants.actions.log_change import log_change
from tenants.errors import Invalid
from tenants.models import Membership, Store, User
from tickets.channels import Channel
from tickets.roster.languages import Language
from tickets.roster.models import Capacity, Skill

MOST: Final = 200
VALUES: Final[dict[str, frozenset[str]]] = {
    Skill.Kind.LANGUAGE: frozenset(Language.values),
    Skill.Kind.CATEGORY: frozenset(Category.values),
    Skill.Kind.MARKETPLACE: frozenset(Store.Marketplace.values),
}


@transaction.atomic
def set_skills(
    member: Membership,
    *,
    skills: Mapping[str, Collection[str]],
    capacity: Mapping[str, int],
    by: User,
    now: datetime,
) -> None:
    """These and no others: `skills` by Skill.Kind, `capacity` by channel. Raises Invalid with the field at fault."""
    for kind, values in skills.items():
        if kind not in VALUES or not set(values) <= VALUES[kind]:
            raise Invalid(field=kind)
    for channel, most in capacity.items():
        if channel not in Channel.values or not 0 <= most <= MOST:
            raise Invalid(_("Between 0 and %(most)d.") % {"most": MOST}, field=f"most.{channel}")
    mine: dict[str, Any] = {"agency_id": member.agency_id, "person_id": member.user_id}
    before = _now(mine)
    Skill.objects.filter(**mine).delete()
    Capacity.objects.filter(**mine).delete()
    rows = [Skill(**mine, kind=kind, value=value) for kind, values in skills.items() for value in sorted(set(values))]
    Skill.objects.bulk_create(rows)
    Capacity.objects.bulk_create(Capacity(**mine, channel=channel, most=most) for channel, most in capacity.items())
    log_change(
        member, agency_id=member.agency_id, by=by, now=now, before=before, after=_now(mine), title=str(member.user)
    )


def _now(mine: Mapping[str, Any]) -> dict[str, Any]:
    """As its history keeps it."""
    found: dict[str, Any] = {f"skills: {kind}": [] for kind in VALUES}
    for kind, value in Skill.objects.filter(**mine).order_by("kind", "value").values_list("kind", "value"):
        found[f"skills: {kind}"].append(value)
    rows = Capacity.objects.filter(**mine).order_by("channel").values_list("channel", "most")
    return {**found, "at once": [f"{channel} {most}" for channel, most in rows]}
