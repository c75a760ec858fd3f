"""Where a person may put what they write: into which layers, for whom."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.models import Layer
from tenants.access import Action, Caller, member_of, stores_for
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.models import Team


@dataclass(frozen=True)
class Places:
    """`may_share`: into the layers that are published. `teams`: (id, name)."""

    may_share: bool
    teams: tuple[tuple[int, str], ...]

    @property
    def layers(self) -> tuple[str, ...]:
        of_team = (Layer.TEAM,) if self.teams else ()
        shared = (Layer.AGENCY, Layer.PLATFORM, Layer.STORE) if self.may_share else ()
        return (*shared, *of_team, Layer.PERSONAL)


def places_for(caller: Caller) -> Places:
    """Two queries. Raises NotFound for who is no member of the agency."""
    member = member_of(caller)
    if member is None:
        raise NotFound
    may_share = member.may(Action.WRITE_LIBRARY)
    teams = Team.objects.filter(agency=member.agency_id).order_by("name", "pk")
    if not may_share:
        teams = teams.filter(members__user=caller.person)
    return Places(may_share, tuple(teams.values_list("pk", "name")))


def require_place(caller: Caller, *, layer: str, team_id: int | None = None, store_id: int | None = None) -> None:
    """Raises Forbidden, or Invalid with the field, where the caller may not put an item."""
    places = places_for(caller)
    if layer not in places.layers:
        raise Forbidden(field="layer")
    if layer == Layer.TEAM and team_id not in dict(places.teams):
        raise Invalid(field="team")
    if layer == Layer.STORE and (store_id is None or not stores_for(caller, Action.NOTE, pk=store_id)):
        raise Invalid(field="store")
