"""The quick replies of one store for one person: all that the composer needs to find one, in a few queries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from django.db.models import Count, Max, Q, Sum

from knowledge.content import Reply
from knowledge.models import Item, Kind, Publication, Use
from knowledge.pinyin import spell
from knowledge.queries.held import Held, held_in, held_item, their_own
from tenants.access import Action, Caller, require
from tenants.models import Store

SHAPE: Final = 1  # rises with every change of what the composer is told
LATELY: Final = timedelta(days=30)
FIRST_WORDS: Final = 90  # characters
_GREETING: Final = re.compile(r"\A(\{buyer\})?(您好|Hello)( \{buyer\})?[，,！!。.]? ?")


@dataclass(frozen=True)
class ReplyLine:
    """A reply as a list shows and a search finds it."""

    id: int
    folder: str
    layer: str
    categories: tuple[str, ...]
    shortcut: str
    title: dict[str, str]  # zh, en
    first: dict[str, str]  # zh, en: how the text begins
    sound: str  # of the Chinese title, as knowledge.pinyin spells it
    variables: tuple[str, ...]
    pictures: int
    own_uses: int  # of the last 30 days, by the reader
    uses: int  # of the last 30 days, in the store


@dataclass(frozen=True)
class HeldReply:
    """One reply, whole, as the store runs it."""

    item_id: int
    version: int
    layer: str
    reply: Reply


def replies_stamp(caller: Caller, store: Store, *, now: datetime) -> str:
    """What the answer of `replies_in` hangs on; a new one when that may have changed. Two queries.

    Uses are counted anew each hour: they order the list and no more.
    """
    require(caller, store, Action.NOTE)
    published = Publication.objects.filter(store=store, item__kind=Kind.REPLY).aggregate(
        Count("pk"),
        Sum("version_id"),
        Max("published_at"),
        Count("override_of"),
        Max("override_at"),
        Max("item__changed_at"),
    )
    own = Item.objects.filter(their_own(caller), agency=store.agency_id, kind=Kind.REPLY, archived_at__isnull=True)
    written = own.aggregate(Count("pk"), Sum("revision"), Max("changed_at"))
    facts = [SHAPE, store.pk, caller.person.pk, now.strftime("%Y-%m-%dT%H"), published, written]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:24]


def replies_in(caller: Caller, store: Store, *, now: datetime) -> list[ReplyLine]:
    """All replies that the store holds for the caller, by folder and title. Three queries. Raises Forbidden."""
    require(caller, store, Action.NOTE)
    held = held_in(caller, store, kind=Kind.REPLY, whole=True)
    uses = _uses(caller, store, (row.item_id for row in held), since=now - LATELY)
    return [_line(row, *uses.get(row.item_id, (0, 0))) for row in held]


def reply_in(caller: Caller, store: Store, item_id: int) -> HeldReply:
    """One of them. Raises Forbidden, NotFound. Two queries."""
    require(caller, store, Action.NOTE)
    held = held_item(caller, store, item_id, kind=Kind.REPLY)
    return HeldReply(held.item_id, held.version, held.layer, cast(Reply, held.read()))


def held_replies(caller: Caller, store: Store, ids: Iterable[int]) -> dict[int, Reply]:
    """Those of these that the store holds for the caller; the others are left out. No query for none, else two."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    require(caller, store, Action.NOTE)
    held = held_in(caller, store, kind=Kind.REPLY, ids=wanted, whole=True)
    return {row.item_id: cast(Reply, row.read()) for row in held}


def _uses(caller: Caller, store: Store, ids: Iterable[int], *, since: datetime) -> dict[int, tuple[int, int]]:
    own = Count("pk", filter=Q(person=caller.person))
    used = Use.objects.filter(store=store, item__in=list(ids), at__gte=since).values("item_id")
    return {row["item_id"]: (row["own"], row["all"]) for row in used.annotate(own=own, all=Count("pk")).order_by()}


def _line(held: Held, own_uses: int, uses: int) -> ReplyLine:
    reply = cast(Reply, held.read())
    return ReplyLine(
        id=held.item_id,
        folder=held.folder,
        layer=held.layer,
        categories=held.categories,
        shortcut=reply.shortcut,
        title={"zh": reply.title.zh, "en": reply.title.en},
        first={"zh": _first(reply.body.zh), "en": _first(reply.body.en)},
        sound=spell(reply.title.zh),
        variables=reply.variables,
        pictures=len(reply.pictures),
        own_uses=own_uses,
        uses=uses,
    )


def _first(words: str) -> str:
    """How it begins, past the greeting that nearly all begin with."""
    line = _GREETING.sub("", " ".join(words.split()))
    return line if len(line) <= FIRST_WORDS else f"{line[: FIRST_WORDS - 1]}…"
