"""Who signs in, for which agency they work, and which stores they were given."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models.agency import Agency
from tenants.models.grants import Grants
from tenants.models.store import Store


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class PeopleManager(models.Manager["User"]):
    """People as others may know them. What foreign keys fetch comes from here too: a store may read no more."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().defer(*without_secrets())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. One sign-in for every agency and store that they have to do with; access is never read off this row."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=80, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="zh-hans, en, or empty for the browser's.")
    is_active = models.BooleanField(default=True)
    # With defaults of the database's, so that a desk can make a person without the right to write these two.
    is_staff = models.BooleanField(default=False, db_default=False)
    is_superuser = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    # What nobody needs who works in a store; `without_secrets` leaves it out of what is read there.
    SECRETS: ClassVar[tuple[str, ...]] = ("password", "last_login", "is_superuser", "is_staff")
    grants = Grants(
        desk="SELECT, INSERT (email, name, password, language, is_active, created_at), "
        "UPDATE (password, last_login, language)",
        store="SELECT (id, email, name, language, is_active, created_at)",
    )
    objects = UserManager()
    people = PeopleManager()

    class Meta:
        base_manager_name = "people"

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


def without_secrets(path: str = "") -> list[str]:
    """For `.defer(*without_secrets("author"))`: inside a store the database would refuse to read them."""
    return [f"{path}__{name}" if path else name for name in User.SECRETS]


class Role(models.TextChoices):
    """What a person is to a store. `tenants.access.MAY` says what each may do."""

    OWNER = "owner", _("owner")
    LEAD = "lead", _("lead")
    AGENT = "agent", _("agent")
    SELLER = "seller", _("seller")


class Membership(models.Model):
    """A person works for an agency. Owners and leads have all its stores, agents those they are assigned to."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person"))
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=[c for c in Role.choices if c[0] != Role.SELLER])

    grants = Grants(desk="SELECT, INSERT, UPDATE (role), DELETE", store="SELECT")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(fields=["user", "agency"], name="one_membership_per_agency")]

    def __str__(self) -> str:
        return str(self.user)


class Assignment(models.Model):
    """A person was given a store: an agent to answer in it, or the seller whose store it is."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("person"))
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("store"))
    role = models.CharField(
        _("role"), max_length=10, choices=[(Role.AGENT, Role.AGENT.label), (Role.SELLER, Role.SELLER.label)]
    )
    alias = models.CharField(
        _("alias"),
        max_length=40,
        blank=True,
        help_text=_("The name that buyers and the seller see. Empty: the store's own name."),
    )

    grants = Grants(desk="SELECT, INSERT, UPDATE (role, alias), DELETE", store="SELECT")

    class Meta:
        verbose_name = _("given store")
        verbose_name_plural = _("who has which store")
        constraints = [models.UniqueConstraint(fields=["user", "store"], name="one_assignment_per_store")]

    def __str__(self) -> str:
        return f"{self.user} · {self.store}"
