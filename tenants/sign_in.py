"""Signing in, by e-mail and password, at a place where the person is at home. allauth does the work."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from tenants.access import is_at_home
from tenants.hosts import SESSION_HOST
from tenants.models import User


class PlaceBackend(AuthenticationBackend):
    """A right password at the wrong door, or of somebody who was disabled, looks like a wrong password."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user = super().authenticate(request, **credentials)
        if user is not None and is_at_home(user, request.place):  # type: ignore[attr-defined]
            return user
        # allauth keeps somebody who was disabled, and would send them to a page that says so.
        self.unstash_authenticated_user()
        return None


class AccountAdapter(DefaultAccountAdapter):
    def login(self, request: HttpRequest, user: User) -> None:
        """A session belongs to the host on which it began; see tenants.middleware.SessionMiddleware."""
        super().login(request, user)
        request.session[SESSION_HOST] = request.place.host  # type: ignore[attr-defined]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """None: that one has signed in is seen."""

    def set_password(self, user: User, password: str) -> None:
        """Writes the password alone: at a desk nobody may change what else a person's row says."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # people are invited
