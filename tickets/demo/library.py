"""The demo agency's library: the starter set, accepted and published, and an SOP that is half-way on a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta

from django.db import transaction

from knowledge.actions.add_starters import add_starters
from knowledge.actions.make_version import make_version, sign_off
from knowledge.actions.publish import publish
from knowledge.actions.set_seller_signs import set_seller_signs
from knowledge.actions.write_item import save_draft
from knowledge.models import Item, Kind
from knowledge.queries.held import Held
from tenants.context import in_store
from tenants.models import Agency, Store, User
from tickets.actions.do_step import do_step
from tickets.actions.skip_step import skip_step
from tickets.actions.start_sop import start_sop
from tickets.models import Message, Ticket

# store, category of its tickets, how many steps are behind
SIGNS = "qinghe"  # the store whose seller wants to sign
CHANGES = "size"  # the SOP that waits for the seller's word
RUNS = (("qinghe", "logistics", 2), ("lumi", "quality", 1), ("qinghe", "size", 0))


def make_sops(agency: Agency, stores: Sequence[Store], *, lead: User, agent: User, now: datetime) -> None:
    """Once: what the agency has changed since stays."""
    made = add_starters(agency.pk, Kind.SOP, author=lead, now=now)
    for item in made:
        _accept_and_publish(item, stores, lead, now)
    for slug, category, steps in RUNS:
        found = next((item for item in made if category in item.categories), None)
        store = next((store for store in stores if store.slug == slug), None)
        if found is not None and store is not None:
            _run(store, found, category, steps, agent, now)
    for store in stores:
        if made and store.slug == SIGNS:
            set_seller_signs(store, True, author=lead, now=now)
    for item in made:
        if CHANGES in item.categories:
            _change(item, lead, now)
            _accept_and_publish(item, stores, lead, now)


def _accept_and_publish(item: Item, stores: Sequence[Store], lead: User, now: datetime) -> None:
    assert item.latest is not None  # it was just made
    sign_off(item.latest, person=lead, accepted=True, now=now)
    publish(item, item.latest, [store.pk for store in stores], author=lead, now=now)
    item.refresh_from_db()


def _change(item: Item, lead: User, now: datetime) -> None:
    """A second version, that the seller has not seen."""
    assert item.latest is not None  # of the first one
    content = deepcopy(item.latest.content)
    content["steps"][0]["words"]["zh"] += "尺码不合适的来回运费由我们承担，您放心。"
    content["steps"][0]["words"]["en"] += " We pay the postage both ways."
    save_draft(item, content, revision=item.revision, author=lead, now=now)
    make_version(item, revision=item.revision, author=lead, words="一开口就说清运费", now=now)


def _run(store: Store, item: Item, category: str, steps: int, agent: User, now: datetime) -> None:
    with in_store(store), transaction.atomic():
        open_ones = Ticket.objects.exclude(state=Ticket.State.CLOSED).select_for_update(of=("self",))
        ticket = open_ones.filter(category=category).order_by("number").first()
        if ticket is None or item.latest is None:
            return
        latest = item.latest
        at = now - timedelta(minutes=10)
        run = start_sop(ticket, _held(item), by=agent, now=at)
        for _step in range(steps):
            step = run.step
            if latest.content["steps"][0]["key"] == step and not ticket.messages.filter(
                kind=Message.Kind.AGENT, seq__gt=run.since_seq
            ):
                run = skip_step(ticket, run.pk, step, reason="开场已在平台上说过", by=agent, now=at)
            else:
                run = do_step(ticket, run.pk, step, evidence={"tracking": "SF1412087733"}, by=agent, now=at)


def _held(item: Item) -> Held:
    latest = item.latest
    assert latest is not None
    return Held(
        item_id=item.pk,
        kind=item.kind,
        layer=item.layer,
        folder=item.folder,
        topic=item.topic,
        categories=tuple(item.categories),
        audience=item.audience,
        version_id=latest.pk,
        version=latest.number,
        title=latest.content["title"],
        is_override=False,
        content=latest.content,
    )
