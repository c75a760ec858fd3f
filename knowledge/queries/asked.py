"""What a store's seller is asked, and what runs in their store of SOPs. Read at the store's host, or the agency's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from knowledge.content.text import Text
from knowledge.models import Delivered, Kind, Publication, Version
from tenants.access import Action, Caller, require
from tenants.errors import NotFound
from tenants.models import Store


@dataclass(frozen=True)
class Asked:
    """A version that waits for the seller. `runs` is the number of what the store runs now, 0 for nothing."""

    version_id: int
    item_id: int
    title: str
    number: int
    note: str
    at: datetime
    runs: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Running:
    """An SOP as the store runs it; `content` is its own text where it has one."""

    item_id: int
    title: str
    number: int
    since: datetime
    is_own: bool
    content: Mapping[str, Any]


def asked_of(caller: Caller, store: Store) -> list[Asked]:
    """What waits, the oldest first. Two queries."""
    require(caller, store, Action.VIEW)
    lines = Delivered.objects.filter(store=store, outcome=Delivered.Outcome.ASKED, release__version__isnull=False)
    lines = lines.select_related("release__version").order_by("release__made_at", "pk")
    runs = {row.item_id: row for row in _of_store(store)}
    return [_asked(line, runs.get(line.release.item_id)) for line in lines]


def asked_version(caller: Caller, store: Store, version_id: int) -> Version:
    """One that waits. Raises NotFound where it does not, or not any more."""
    require(caller, store, Action.VIEW)
    waiting = Delivered.objects.filter(store=store, outcome=Delivered.Outcome.ASKED, release__version=version_id)
    version = Version.objects.filter(pk=version_id).first() if waiting.exists() else None
    if version is None:
        raise NotFound(field="version")
    return version


def asked_total(store: Store) -> int:
    """How many wait. One query."""
    return Delivered.objects.filter(store=store, outcome=Delivered.Outcome.ASKED).count()


def running_sops(caller: Caller, store: Store) -> list[Running]:
    """By title. One query."""
    require(caller, store, Action.VIEW)
    return sorted((_running(row) for row in _of_store(store)), key=lambda running: running.title)


def running_sop(caller: Caller, store: Store, item_id: int) -> Running:
    """One of them. Raises NotFound."""
    found = next((running for running in running_sops(caller, store) if running.item_id == item_id), None)
    if found is None:
        raise NotFound(field="item")
    return found


def _of_store(store: Store) -> list[Publication]:
    return list(Publication.objects.filter(store=store, item__kind=Kind.SOP).select_related("version"))


def _asked(line: Delivered, runs: Publication | None) -> Asked:
    version = line.release.version
    assert version is not None  # what asks brings one
    return Asked(
        version_id=version.pk,
        item_id=version.item_id,
        title=_titled(version.content),
        number=version.number,
        note=version.note,
        at=line.release.made_at,
        runs=runs.version.number if runs else 0,
        before=(runs.override or runs.version.content) if runs else None,
        after=version.content,
    )


def _running(row: Publication) -> Running:
    content = row.override or row.version.content
    return Running(
        row.item_id, _titled(content), row.version.number, row.published_at, row.override is not None, content
    )


def _titled(content: Mapping[str, Any]) -> str:
    return Text(**content["title"]).in_language(get_language() or "zh")
