"""What must not be, told before the first request."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db.models import Model

from tenants.fleet.check import holes_by
from tenants.postgresql.roles import OWNER

BUSY_APP = "desk"  # public tables that every message writes to


@register("deskfleet")
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    at_home = settings.BASE_HOST == "localhost" or settings.BASE_HOST.endswith(".localhost")
    if settings.SECRET_KEY == settings.DEVELOPMENT_KEY and (settings.HTTPS or not at_home):
        hint = "Set SECRET_KEY: whoever knows the published one can forge links that reset passwords."
        found.append(Error("The development SECRET_KEY on a host that others reach.", hint=hint, id="deskfleet.E001"))
    if settings.SESSION_COOKIE_DOMAIN is not None:
        found.append(Error("A session would be valid on other hosts.", hint="Unset it.", id="deskfleet.E002"))
    if settings.DATABASES["default"]["ENGINE"] != "tenants.postgresql":
        found.append(Error("The database backend does not fail closed.", id="deskfleet.E003"))
    if settings.DEBUG and settings.HTTPS:
        found.append(Error("DEBUG shows other companies' data to strangers.", hint="DEBUG=0", id="deskfleet.E004"))
    return found


@register("deskfleet")
def check_foreign_keys(**_kwargs: Any) -> list[CheckMessage]:
    """A store's tables refer only to slow public tables, and no public table refers to a store's."""
    found: list[CheckMessage] = []
    tenant_labels = {apps.get_app_config(name.rpartition(".")[2]).label for name in settings.TENANT_APPS}
    for model in apps.get_models():
        here = model._meta.app_label
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if (
                not field.many_to_one
                or not field.concrete
                or not (target and isclass(target) and issubclass(target, Model))
            ):
                continue
            there = target._meta.app_label
            if here in tenant_labels and there == BUSY_APP:
                found.append(Error(f"{model.__name__} refers to a busy public table.", id="deskfleet.E005"))
            if here not in tenant_labels and there in tenant_labels:
                found.append(Error(f"{model.__name__} is public and refers into stores.", id="deskfleet.E006"))
    return found


@register(Tags.database)
def check_fence(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Asked of a database that was named: `manage.py check --database default`. Silent while it has no tables."""
    asked = [alias for alias in databases or () if alias in ("default", OWNER)]
    if not asked:
        return []
    found = holes_by(asked[0])
    hint = "`manage.py migrate` writes the fence anew. What it can't put right is somebody's doing by hand."
    return [Error(f"The fence has a hole: {hole}.", hint=hint, id="deskfleet.E007") for hole in found]
