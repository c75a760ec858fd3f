"""An agency with many stores: a few real ones, and figures like theirs for the rest."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from benchmarks.of_reports.fill import fill
from reports.actions.rebuild import rebuild
from reports.actions.running import add, days_of, of_group, of_store, read
from reports.models import Counting, Group
from reports.sums import COUNTED, Sums
from tenants.actions.open_store import open_store
from tenants.fleet.owner import owner_connection
from tenants.models import Agency, Store
from tickets.channels import default_channel

MARKETPLACES: Final = ("tmall", "taobao", "douyin", "tiktok_shop", "amazon", "ebay")
ZONES: Final = ("Asia/Shanghai", "Asia/Bangkok")
DAILY: Final = 25  # tickets a store and day, about
QUEUED: Final = 8  # open tickets a store


@dataclass(frozen=True)
class Places:
    """The big agency and one of ten stores, whose figures are like the big one's."""

    big: Agency
    small: Agency


def real_stores(agency: Agency, count: int, *, days: int, now: datetime) -> list[Store]:
    """Opened by the product's verb, filled with work, and counted by its roll-up."""
    stores = []
    for index in range(count):
        slug = f"{agency.slug}-real-{index}"
        marketplace = MARKETPLACES[index % len(MARKETPLACES)]
        store = open_store(
            agency, slug=slug, name=slug, marketplace=marketplace, time_zone=ZONES[index % len(ZONES)], now=now
        )
        last = now.replace(hour=0, minute=0, second=0, microsecond=0)
        channel = str(default_channel(marketplace))
        began = time.perf_counter()
        fill(store, first=last - timedelta(days=days - 1), last=last, daily=DAILY, now=now, channel=channel)
        filled = time.perf_counter()
        rebuilt = rebuild(store, now=now)
        stores.append(store)
        counted = f"{rebuilt.tickets} tickets counted in {time.perf_counter() - filled:.1f} s"
        print(f"{index + 1} of {count} real stores: filled in {filled - began:.1f} s, {counted}", flush=True)
    return stores


def copies(agency: Agency, real: Sequence[Store], count: int, *, now: datetime) -> None:
    """Stores without a schema, each with the figures and the queue of a real one of its marketplace and time zone."""
    made = [_row(agency, index, real[index % len(real)], now) for index in range(count)]
    Store.objects.bulk_create(made)
    like = {store.pk: real[index % len(real)].pk for index, store in enumerate(made)}
    columns = f"day, channel, category, {', '.join(COUNTED)}, waits, by_hour"
    with owner_connection() as owner:
        owner.execute(
            f"INSERT INTO reports_storeday (store_id, {columns}) SELECT c.id, {columns} FROM"
            " unnest(%s::bigint[], %s::bigint[]) c (id, source) JOIN reports_storeday t ON t.store_id = c.source",
            [list(like), list(like.values())],
        )
        _groups(agency, made, like, now)
        _queue(owner, [*like, *(store.pk for store in real if store.agency_id == agency.pk)], now)
        for table in ("reports_storeday", "reports_groupday", "reports_counting", "desk_queueentry"):
            owner.execute(f"VACUUM ANALYZE {table}")
        owner.execute("ANALYZE tenants_store")


def _row(agency: Agency, index: int, like: Store, now: datetime) -> Store:
    return Store(
        agency=agency,
        slug=f"{agency.slug}-{index}",
        name=f"Store {random.randrange(10**6):06} {index}",
        marketplace=like.marketplace,
        time_zone=like.time_zone,
        state=Store.State.OPEN,
        state_since=now,
    )


def _groups(agency: Agency, stores: Sequence[Store], like: Mapping[int, int], now: datetime) -> None:
    """Adds each store to its group, those that are alike in one go."""
    days = {real: days_of(read(of_store(real))) for real in set(like.values())}
    of_group_: dict[Group, Counter[int]] = defaultdict(Counter)
    for store in stores:
        group, _made = Group.objects.get_or_create(
            agency=agency, marketplace=store.marketplace, time_zone=store.time_zone
        )
        Counting.objects.create(store=store, group=group, checked_at=now)
        of_group_[group][like[store.pk]] += 1
    for group, counted in of_group_.items():
        for real, many in counted.items():
            gains = {key: Sums(*(value * many for value in sums.values())) for key, sums in days[real].items()}
            add(of_group(group.pk, agency.pk), gains)
    for group in Group.objects.filter(agency=agency):
        ids = list(Counting.objects.filter(group=group).values_list("store_id", flat=True))
        Group.objects.filter(pk=group.pk).update(stores=len(ids), ids_sum=sum(ids))


def _queue(owner: Any, stores: Sequence[int], now: datetime) -> None:
    owner.execute(
        "INSERT INTO desk_queueentry (store_id, ticket_number, state, priority, channel, category, last_seq, clock,"
        " waiting_since, due_at, last_message_at)"
        " SELECT s, n, 'waiting', 3, 'tmall', '', 1, 'first', %s, CASE WHEN n %% 2 = 0 THEN %s + n * interval '1 min'"
        " - random() * interval '10 min' END, %s FROM unnest(%s::bigint[]) s, generate_series(1, %s) n"
        " ON CONFLICT DO NOTHING",
        [now, now, now, list(stores), QUEUED],
    )


def volume() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM reports_opening), (SELECT count(*) FROM reports_storeday),"
            " (SELECT count(*) FROM reports_groupday), pg_total_relation_size('reports_storeday') / 1000000"
        )
        names = ("openings", "store_day_rows", "group_day_rows", "store_day_mb")
        return dict(zip(names, cursor.fetchone(), strict=True))
