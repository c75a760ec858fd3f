"""Who writes in the admin: what every verb of it is told besides what to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from tenants.access import Action, Caller, Member
from tenants.admin_site.site import the_member
from tenants.clock import database_now
from tenants.models import User

SEEN = "_seen"  # the hidden field of a form: the object's latest change when it was opened


@dataclass(frozen=True)
class Author:
    """A person, what they are to the agency, and when they do it."""

    person: User
    caller: Caller
    member: Member
    now: datetime

    @property
    def agency_id(self) -> int:
        return self.member.agency_id


def author_of(request: HttpRequest, action: Action) -> Author:
    """Raises NotFound for who is no member, Forbidden for whom the action is not allowed."""
    member = the_member(request)
    member.require(action)
    caller: Caller = request.caller  # type: ignore[attr-defined]
    return Author(caller.person, caller, member, database_now())
