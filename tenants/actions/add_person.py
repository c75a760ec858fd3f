"""add_person: somebody may sign in, and to which stores."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid
from tenants.models import Agency, Assignment, Membership, Store, User
from tenants.models.people import Role


@transaction.atomic
def add_person(
    email: str,
    *,
    role: str,
    password: str,
    name: str = "",
    agency: str = "",
    stores: Sequence[str] = (),
    alias: str = "",
) -> User:
    """The person, made if need be, with this role in the agency and these stores (short names).

    Somebody who exists keeps name and password. Raises Invalid with the field at fault; then nothing was written.
    """
    house = Agency.objects.filter(slug=agency).first() if agency else None
    if role == Role.SELLER and (agency or not stores):
        raise Invalid(_("A seller belongs to stores, not to an agency."), field="store")
    if role != Role.SELLER and house is None:
        raise Invalid(_("There is no such agency."), field="agency")
    given = [_store(slug, house) for slug in stores]
    person = User.objects.filter(email=email.lower()).first() or _new_person(email, password, name)
    if house is not None:
        Membership.objects.update_or_create(user=person, agency=house, defaults={"role": role})
    for store in given:
        kind = Role.SELLER if role == Role.SELLER else Role.AGENT
        Assignment.objects.update_or_create(user=person, store=store, defaults={"role": kind, "alias": alias})
    return person


def _store(slug: str, agency: Agency | None) -> Store:
    store = Store.objects.filter(slug=slug).first()
    if store is None or (agency is not None and store.agency_id != agency.pk):
        raise Invalid(_("There is no such store."), field="store")
    return store


def _new_person(email: str, password: str, name: str) -> User:
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="email") from error
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="password") from error
    return User.objects.create_user(email, password, name=name)
