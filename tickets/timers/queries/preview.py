"""What a rule would do this moment, if it were on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Coalesce

from tenants.models import Store
from tickets.clocks.rules import Has, Rule
from tickets.desk.models import QueueEntry
from tickets.queries.names import store_ref
from tickets.rows import StoreRef

SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """`total`: open tickets on which the rule would act at once; `waiting`: that it would come to later."""

    total: int
    waiting: int
    first: tuple[tuple[StoreRef, int], ...]  # (store, number), those that are silent longest


def preview(stores: Sequence[Store], rule: Rule, *, now: datetime) -> Preview:
    """`stores` come from the gate. Three queries, however many stores."""
    refs = {store.pk: store_ref(store) for store in stores}
    entries = QueueEntry.objects.filter(store_id__in=refs, state=rule.state)
    for name, wanted in (("channel", rule.channels), ("category", rule.categories), ("priority", rule.priorities)):
        if wanted:
            entries = entries.filter(**{f"{name}__in": wanted})
    if rule.has != Has.ANY:
        entries = entries.filter(assignee__isnull=rule.has == Has.NOBODY)
    entries = entries.annotate(since=Coalesce("waiting_since", "last_message_at"))
    asleep = Q(snoozed_until__isnull=False, snoozed_until__gt=now - rule.wait)
    due = entries.filter(since__lte=now - rule.wait).exclude(asleep).exclude(told__contains=[rule.mark])
    first = due.order_by("since", "pk").values_list("store_id", "ticket_number")[:SHOWN]
    total = due.count()
    return Preview(total, entries.count() - total, tuple((refs[store], number) for store, number in first))
