"""Run by `benchmarks.deployment` in a process of its own: an agency, empty stores, a token. Prints what it made."""

import sys

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.bare import TABLE  # noqa: E402
from benchmarks.deployment import HOST  # noqa: E402
from tenants.actions.issue_token import issue_token  # noqa: E402
from tenants.actions.open_store import open_store  # noqa: E402
from tenants.models import Agency, Domain, Membership, User  # noqa: E402

agency = Agency.objects.create(slug="north", name="North")
Domain.objects.create(domain=HOST, agency=agency)
lead = User.objects.create_user("lead@example.com", "benchmark-only-1", name="Lead")
Membership.objects.create(user=lead, agency=agency, role="lead")
_row, secret = issue_token(lead, name="bench", scope="write", agency=agency)
with connection.cursor() as cursor:
    cursor.execute(TABLE)
print(secret)
for number in range(int(sys.argv[1])):
    store = open_store(
        agency, slug=f"bench-{number}", name=f"Bench {number}", marketplace="tmall", time_zone="UTC", now=timezone.now()
    )
    print(store.pk, store.slug, store.schema_name)
