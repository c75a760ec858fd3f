"""Run in a process of its own: an agency with desks that are signed in, and stores with a widget. Prints JSON.

    {"stores": [{"id", "schema", "host", "key"}, …], "host": the desks', "cookies": [one for each desk]}

python -m benchmarks.of_chat.prepare STORES DESKS
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks._agency import make_agency  # noqa: E402
from benchmarks.deployment import HOST  # noqa: E402
from tenants.actions.open_store import open_store  # noqa: E402
from tenants.context import as_operator, in_store  # noqa: E402
from tenants.hosts import SESSION_HOST  # noqa: E402
from tenants.models import Agency, Membership, Store, User  # noqa: E402
from tenants.queries import host_of_store  # noqa: E402
from tickets.actions.set_widget import open_widget  # noqa: E402


def main() -> None:
    stores, desks = map(int, sys.argv[1:])
    with as_operator():
        agency, _token = make_agency()
        opened = [store_with_widget(agency, number) for number in range(stores)]
        cookies = [cookie(signed_in(agency, number)) for number in range(desks)]
    print(json.dumps({"stores": opened, "host": HOST, "cookies": cookies}))


def store_with_widget(agency: Agency, number: int) -> dict[str, Any]:
    slug, now = f"chat-{number}", timezone.now()
    store = open_store(agency, slug=slug, name=f"Chat {number}", marketplace="tmall", time_zone="UTC", now=now)
    if store.state != Store.State.OPEN:
        raise SystemExit(f"{slug} did not open: {store.failure}")
    with in_store(store):
        key = open_widget(now=now).key
    return {"id": store.pk, "schema": store.schema_name, "host": host_of_store(store), "key": key}


def signed_in(agency: Agency, number: int) -> User:
    person = User.objects.create_user(f"desk-{number}@example.com", None, name=f"Desk {number}")
    Membership.objects.create(user=person, agency=agency, role="lead")
    return person


def cookie(person: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "tenants.sign_in.PlaceBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session[SESSION_HOST] = HOST
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


main()
