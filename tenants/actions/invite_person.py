"""invite_person: somebody works for the agency from now on. The door sends them the way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tenants.actions.give_stores import give_stores
from tenants.actions.log_change import log_change
from tenants.actions.staff import check_role, require_power
from tenants.errors import Conflict, Invalid
from tenants.models import Membership, User
from tenants.models.people import Role

MOST_LETTERS = 80

# Column by column: at a desk nobody may write the ones that make an operator.
_NEW_PERSON = """
INSERT INTO tenants_user (email, name, password, language, is_active, created_at)
VALUES (%s, %s, %s, '', true, %s) ON CONFLICT (email) DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Invited:
    """`is_new`: the person had no account, and needs a link to choose a password."""

    member: Membership
    is_new: bool


@transaction.atomic
def invite_person(
    agency_id: int,
    *,
    email: str,
    name: str = "",
    role: str,
    stores: Sequence[int] = (),
    alias: str = "",
    by: User,
    now: datetime,
) -> Invited:
    """A member with this role, and an agent with these stores. Who has an account keeps its name and password.

    Raises Invalid, Conflict where they work here already, OnlyOwners.
    """
    check_role(role)
    require_power(by, agency_id, role)
    if stores and role != Role.AGENT:
        raise Invalid(_("Owners and leads have every store. Give none."), field="stores")
    person, is_new = _person(email, name, now)
    if Membership.objects.filter(user=person, agency_id=agency_id).exists():
        raise Conflict(_("This person works here already."), field="email")
    member = Membership.objects.create(user=person, agency_id=agency_id, role=role)
    after = {"email": person.email, "name": person.name, "role": role}
    log_change(member, agency_id=agency_id, by=by, now=now, after=after, kind="invited", title=str(person))
    if stores:
        give_stores(agency_id, people=[person.pk], stores=stores, alias=alias, by=by, now=now)
    return Invited(member, is_new)


def _person(email: str, name: str, now: datetime) -> tuple[User, bool]:
    email, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="email") from error
    if len(name) > MOST_LETTERS or not name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": MOST_LETTERS}, field="name")
    with connection.cursor() as cursor:
        cursor.execute(_NEW_PERSON, [email, name, make_password(None), now])
        is_new = cursor.fetchone() is not None
    person = User.people.get(email=email)
    if not person.is_active:
        raise Conflict(_("This account was closed."), field="email")
    return person, is_new
