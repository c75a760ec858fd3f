"""A second agency for scenes, in a process of its own: South, its stores, a lead, an agent, a seller of one of them."""

from __future__ import annotations

import sys

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from knowledge.actions.add_starters import add_starters  # noqa: E402
from knowledge.actions.publish import publish  # noqa: E402
from knowledge.models import Kind  # noqa: E402
from tenants.actions.issue_token import issue_token  # noqa: E402
from tenants.actions.open_store import open_store  # noqa: E402
from tenants.context import as_operator  # noqa: E402
from tenants.models import Agency, Assignment, Domain, Membership, Store, User  # noqa: E402
from tenants.models.people import Role  # noqa: E402

PASSWORD, STORES = sys.argv[1], int(sys.argv[2])

with as_operator():
    now = timezone.now()
    with transaction.atomic():
        agency = Agency.objects.create(slug="south", name="South Wind Agency")
        Domain.objects.create(domain="south.localhost", agency=agency)
        lin, tao, su = (
            User.objects.create_user(f"{who.lower()}@south.example", PASSWORD, name=f"{who} of South")
            for who in ("Lin", "Tao", "Su")
        )
        Membership.objects.create(user=lin, agency=agency, role=Role.LEAD)
        Membership.objects.create(user=tao, agency=agency, role=Role.AGENT)
    for number in range(STORES):
        store = open_store(
            agency,
            slug=f"south-{number}",
            name=f"South {number:02}",
            marketplace=Store.Marketplace.TMALL,
            time_zone="Asia/Shanghai",
            now=now,
        )
        Assignment.objects.create(user=tao, store=store, role=Role.AGENT, alias="小涛")
        if number == 0:
            Assignment.objects.create(user=su, store=store, role=Role.SELLER)
    stores = list(agency.stores.values_list("pk", flat=True))
    with transaction.atomic():
        for item in add_starters(agency.pk, Kind.REPLY, author=lin, now=now):
            publish(item, item.latest, stores, author=lin, now=now)
    sys.stdout.write(issue_token(lin, name="scene", scope="write", agency=agency)[1])
