"""The letter that asks somebody in: a link to choose a password, or, for who has an account, where to sign in."""

from __future__ import annotations

import logging
import smtplib

from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.hosts import Place, url_of
from tenants.marks import PlaceTokens
from tenants.models import User

log = logging.getLogger(__name__)


def password_link(place: Place, person: User) -> str:
    """Good at this place, once, until PASSWORD_RESET_TIMEOUT is over. Whoever has it can choose the password."""
    key, uid = PlaceTokens().make_token(person), user_pk_to_url_str(person)
    return url_of(place.host, reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key}))


def send_invitation(place: Place, person: User, *, by: User) -> bool:
    """In the inviter's language. Whether the letter went off; why not is in the log. `person` with their secrets."""
    has_password = person.has_usable_password()
    link = url_of(place.host, reverse("account_login")) if has_password else password_link(place, person)
    context = {"agency": place.name, "by": by, "link": link, "has_password": has_password, "email": person.email}
    body = render_to_string("tenants/invitation.txt", context)
    try:
        send_mail(_("%(agency)s: your desk is ready") % {"agency": place.name}, body, None, [person.email])
    except (OSError, smtplib.SMTPException) as error:
        log.warning("an invitation was not sent: %s", error)
        return False
    return True
