"""Run by `benchmarks.deployment` in a process of its own: an agency, empty stores, a token. Prints what it made."""

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from psycopg import sql  # noqa: E402

from benchmarks._agency import make_agency  # noqa: E402
from benchmarks.bare import GRANT, TABLE  # noqa: E402
from tenants.actions.open_store import open_store  # noqa: E402
from tenants.context import as_operator  # noqa: E402
from tenants.fleet.owner import owner_connection  # noqa: E402
from tenants.postgresql.roles import Part, role_name  # noqa: E402

with as_operator(), owner_connection() as owner:
    desk = role_name(settings.DATABASES["default"]["USER"], Part.DESK)
    owner.execute(TABLE)
    owner.execute(sql.SQL(GRANT).format(sql.Identifier(desk)))
    agency, secret = make_agency()
    print(secret)
    for number in range(int(sys.argv[1])):
        slug = f"bench-{number}"
        store = open_store(
            agency, slug=slug, name=f"Bench {number}", marketplace="tmall", time_zone="UTC", now=timezone.now()
        )
        if store.state != store.State.OPEN:
            raise SystemExit(f"{slug} did not open: {store.failure}")
        print(store.pk, store.slug, store.schema_name)
