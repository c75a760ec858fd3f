"""save_event, stop_event, remove_event: the calendar's writers. At the agency's place.

An event that has begun keeps its store and its beginning; one that is over stays as it was, for its report.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from knowledge.models import Item
from knowledge.models import Kind as ItemKind
from tenants.actions.log_change import log_change
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Membership, Store, User
from tenants.models.people import Role
from tickets.acknowledgement import promises_a_time
from tickets.actions.reply import check_body
from tickets.characters import is_keepable
from tickets.clocks.demand import LEAST_RISE, MOST_RISE
from tickets.events.actions.run import begin_due, end_due, lend_now, look_anew, take_now
from tickets.events.models import LEAST_SHARE, MOST_SHARE, Lent, LiveEvent

LONGEST: Final = timedelta(days=14)
FURTHEST: Final = timedelta(days=800)
LONGEST_WORD: Final = 300
LONGEST_NAME: Final = 60


class AnotherEvent(Conflict):
    code = "another_event"


class IsOver(Conflict):
    code = "event_over"


@dataclass(frozen=True)
class Wanted:
    """An event as somebody wants it. Times are instants; `multiplier` times the usual, `alarm_share` per cent."""

    store: int
    name: str
    begins_at: datetime
    ends_at: datetime
    kind: str = LiveEvent.Kind.LIVE
    multiplier: float = 4
    alarm_share: int = 50
    pack: str = ""
    ack_zh: str = ""
    ack_en: str = ""


@transaction.atomic
def save_event(
    agency_id: int, event: LiveEvent | None, wanted: Wanted, *, people: Collection[int], by: User, now: datetime
) -> LiveEvent:
    """Makes the event, or changes it to this; `people` are lent to its store while it runs. One whose time has come
    begins at once. Raises Invalid with the field, AnotherEvent (`begins`), IsOver.
    """
    event = _locked(event)
    before = told_of(event) if event else {}
    wanted = _checked(agency_id, event, wanted, now)
    lent = _checked_people(agency_id, people)
    event = event or LiveEvent(written_by=by)
    tighter = event.alarm_share != wanted.alarm_share
    _write(event, wanted)
    was_lent, is_lent = _lend(event, lent, now)
    after = told_of(event)
    if was_lent != is_lent:
        before, after = {**before, "lent": _names(was_lent)}, {**after, "lent": _names(is_lent)}
    log_change(
        event, agency_id=agency_id, by=by, now=now, before=before if before else None, after=after,
        store_id=event.store_id,
    )  # fmt: skip
    if event.begun_at is None and event.begins_at <= now:
        begin_due(now, event=event.pk)
        event.refresh_from_db()
    elif tighter and event.begun_at is not None:
        look_anew(event.store_id, now=now)
    return event


@transaction.atomic
def stop_event(event: LiveEvent, *, agency_id: int, by: User, now: datetime) -> None:
    """Ends it now. Raises Conflict where it has not begun, IsOver."""
    event = _the_locked(event)
    if event.begun_at is None:
        raise Conflict(_("It has not begun yet. Change it, or remove it."))
    before = told_of(event)
    # Not beyond its own end, which may have passed unseen by a clock: another one may begin there.
    event.ends_at = min(event.ends_at, max(now, event.begins_at + timedelta(seconds=1)))
    event.save(update_fields=["ends_at"])
    log_change(
        event, agency_id=agency_id, by=by, now=now, before=before, after=told_of(event), kind="stopped",
        store_id=event.store_id,
    )  # fmt: skip
    end_due(event.ends_at, event=event.pk)


@transaction.atomic
def remove_event(event: LiveEvent, *, agency_id: int, by: User, now: datetime) -> None:
    """Raises Conflict for one that has begun: it is ended, and its report stays."""
    event = _the_locked(event)
    if event.begun_at is not None:
        raise Conflict(_("It has begun: end it instead. Its report stays."))
    log_change(event, agency_id=agency_id, by=by, now=now, before=told_of(event), store_id=event.store_id)
    LiveEvent.objects.filter(pk=event.pk).delete()


def _locked(event: LiveEvent | None) -> LiveEvent | None:
    return _the_locked(event) if event else None


def _the_locked(event: LiveEvent) -> LiveEvent:
    """Raises IsOver, NotFound."""
    found = LiveEvent.objects.select_for_update(no_key=True).filter(pk=event.pk).first()
    if found is None:
        raise NotFound(field="event")  # removed a moment ago
    if found.ended_at is not None:
        raise IsOver(_("This event is over; its report stays as it is."))
    return found


def told_of(event: LiveEvent) -> dict[str, Any]:
    """What its history keeps: times on the store's clock."""
    zone = ZoneInfo(event.store.time_zone)
    begins, ends = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (event.begins_at, event.ends_at))
    names = ("name", "kind", "multiplier", "alarm_share", "pack", "ack_zh", "ack_en")
    return {"in store": str(event.store), "begins": begins, "ends": ends, **{n: getattr(event, n) for n in names}}


# ---------------------------------------------------------------- checks


def _checked(agency_id: int, event: LiveEvent | None, wanted: Wanted, now: datetime) -> Wanted:
    store, begins_at = wanted.store, wanted.begins_at
    if event is not None and event.begun_at is not None:
        store, begins_at = event.store_id, event.begins_at
    if not Store.objects.filter(pk=store, agency_id=agency_id, state=Store.State.OPEN).exists():
        raise Invalid(_("There is no such store."), field="store")
    name = " ".join(wanted.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": LONGEST_NAME}, field="name")
    if wanted.kind not in LiveEvent.Kind.values:
        raise Invalid(field="kind")
    _check_times(begins_at, wanted.ends_at, now)
    if not (isfinite(wanted.multiplier) and LEAST_RISE <= wanted.multiplier <= MOST_RISE):
        told = _("Between %(least)d and %(most)d times the usual.") % {"least": LEAST_RISE, "most": MOST_RISE}
        raise Invalid(told, field="multiplier")
    if not LEAST_SHARE <= wanted.alarm_share <= MOST_SHARE:
        told = _("Between %(least)d and %(most)d per cent.") % {"least": LEAST_SHARE, "most": MOST_SHARE}
        raise Invalid(told, field="alarm_share")
    pack = wanted.pack.strip().strip("/")
    if pack and not (is_keepable(pack) and _has_replies(agency_id, pack)):
        raise Invalid(_("There is no quick reply in this folder."), field="pack")
    _check_alone(event, store, begins_at, wanted.ends_at)
    zh, en = (_checked_word(getattr(wanted, field), field) for field in ("ack_zh", "ack_en"))
    rest = (wanted.kind, wanted.multiplier, wanted.alarm_share, pack, zh, en)
    return Wanted(store, name, begins_at, wanted.ends_at, *rest)


def _check_times(begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= begins_at:
        raise Invalid(_("It ends before it begins."), field="ends")
    if ends_at <= now:
        raise Invalid(_("It would be over already."), field="ends")
    if ends_at - begins_at > LONGEST:
        raise Invalid(_("An event is at most %(most)d days long.") % {"most": LONGEST.days}, field="ends")
    if begins_at - now > FURTHEST:
        raise Invalid(_("That lies more than two years ahead."), field="begins")


def _has_replies(agency_id: int, folder: str) -> bool:
    replies = Item.objects.filter(agency_id=agency_id, kind=ItemKind.REPLY, archived_at__isnull=True)
    return (replies.filter(folder=folder) | replies.filter(folder__startswith=f"{folder}/")).exists()


def _check_alone(event: LiveEvent | None, store: int, begins_at: datetime, ends_at: datetime) -> None:
    others = LiveEvent.objects.filter(store_id=store, begins_at__lt=ends_at, ends_at__gt=begins_at)
    other = others.exclude(pk=event.pk if event else 0).order_by("begins_at").first()
    if other is not None:
        raise _another(other.name)


def _another(name: str) -> AnotherEvent:
    return AnotherEvent(_("“%(name)s” of this store is at that time.") % {"name": name}, field="begins")


def _checked_word(text: str, field: str) -> str:
    """Nothing, or what may be said to a buyer. Raises Invalid (`field`)."""
    if not text.strip():
        return ""
    if len(text) > LONGEST_WORD:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_WORD}, field=field)
    if promises_a_time(text):
        told = _("Promise no time here: it may not be kept. The measured wait is told behind it by itself.")
        raise Invalid(told, field=field)
    return check_body(text, beside=True)


def _checked_people(agency_id: int, people: Collection[int]) -> set[int]:
    agents = Membership.objects.filter(agency_id=agency_id, role=Role.AGENT, user__is_active=True)
    found = set(agents.filter(user_id__in=set(people)).values_list("user_id", flat=True))
    if found != set(people):
        raise Invalid(_("Only agents who work here can be lent."), field="people")
    return found


# ---------------------------------------------------------------- writing


def _write(event: LiveEvent, wanted: Wanted) -> None:
    event.store_id = wanted.store
    for name in ("name", "kind", "begins_at", "ends_at", "multiplier", "alarm_share", "pack", "ack_zh", "ack_en"):
        setattr(event, name, getattr(wanted, name))
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError as error:
        if "event_alone_in_its_store" not in str(error):
            raise
        raise _another("…") from error


def _lend(event: LiveEvent, people: set[int], now: datetime) -> tuple[set[int], set[int]]:
    """Who was lent before and who is now. Of an event that runs, people come and go at once."""
    rows = Lent.objects.filter(event=event)
    was = set(rows.filter(over_at__isnull=True).values_list("person_id", flat=True))
    gone, new = was - people, people - was
    if gone and event.begun_at is not None:
        take_now(event.pk, sorted(gone), now=now)
    elif gone:
        rows.filter(person_id__in=gone).delete()
    again = rows.filter(person_id__in=new, store_id=event.store_id)
    known = set(again.values_list("person_id", flat=True))
    again.update(over_at=None, released_at=None, added_assignment=None)
    rows.exclude(store_id=event.store_id).update(store_id=event.store_id)
    Lent.objects.bulk_create(Lent(event=event, store_id=event.store_id, person_id=pk) for pk in sorted(new - known))
    if new and event.begun_at is not None:
        lend_now(event.pk)
    return was, people


def _names(people: Collection[int]) -> list[str]:
    return sorted(str(user) for user in User.people.filter(pk__in=people))
