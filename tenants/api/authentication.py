"""`Authorization: Bearer dfk_…`: who the token acts for, at the place where it was shown."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.access import Caller
from tenants.actions.issue_token import note_use
from tenants.clock import database_now
from tenants.models import User
from tenants.queries import token_of

USED_RESOLUTION = timedelta(hours=1)


class TokenAuthentication(BaseAuthentication):
    """Sets request.user to the person and request.auth to the Caller. One query; one write an hour."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not secret:
            raise AuthenticationFailed(_("Send the token as “Authorization: Bearer …”."))
        token = token_of(secret.strip())
        now = database_now()
        if token is None or token.revoked_at or (token.expires_at and token.expires_at <= now):
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        person = token.person
        if token.last_used_at is None or now - token.last_used_at > USED_RESOLUTION:
            note_use(token, now=now)
        return person, Caller(person, request._request.place, token)  # type: ignore[attr-defined]

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
