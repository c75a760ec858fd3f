"""The demo's calendar: a stream of last night with its report, and a sale to come for which somebody is lent."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants.models import Store, User
from tickets.events.actions.run import end_due
from tickets.events.actions.set_event import Wanted, save_event
from tickets.events.models import LiveEvent

PACK = "活动与直播"


def make_events(agency_id: int, stores: list[Store], *, lead: User, lent: User, now: datetime) -> None:
    """Once: what somebody has changed since stays. None of them runs."""
    by_slug = {store.slug: store for store in stores}
    if LiveEvent.objects.filter(store__in=stores).exists() or not {"lumi", "northwind"} <= by_slug.keys():
        return
    hour = timedelta(hours=1)
    began = now - 26 * hour
    stream = Wanted(by_slug["lumi"].pk, "Serum launch stream", began, began + 3 * hour, multiplier=4, pack=PACK)
    past = save_event(agency_id, None, stream, people=[], by=lead, now=began)
    end_due(past.ends_at, event=past.pk)
    begins = (now + 30 * hour).replace(minute=0, second=0, microsecond=0)
    sale = Wanted(
        by_slug["northwind"].pk, "Winter tents sale", begins, begins + 6 * hour, kind=LiveEvent.Kind.PROMOTION,
        multiplier=2.5, pack=PACK,
    )  # fmt: skip
    save_event(agency_id, None, sale, people=[lent.pk], by=lead, now=now)
