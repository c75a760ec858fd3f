"""What was learned: the version in force, those before it, and whose turn it is to learn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from knowledge.categories import Category
from tenants.models import Agency
from tickets.triage.keys import key_of, mark_of
from tickets.triage.models import THRESHOLD, Learner, Version

EVERY: Final = timedelta(days=7)
SHOWN: Final = 20


@dataclass(frozen=True)
class LabelLine:
    """Of a category: how many were held out, found again among them, and how many of those said to be it were not."""

    label: str
    held_out: int
    right: int
    wrongly: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.right / self.held_out) if self.held_out else None


@dataclass(frozen=True)
class VersionLine:
    number: int
    made_at: datetime
    taught: int
    held_out: int
    stores: int
    accuracy: float  # per cent
    by_rule: float  # per cent of the same tickets
    is_good: bool
    is_in_force: bool
    size: int  # bytes
    labels: tuple[LabelLine, ...]
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Learning:
    """What the page shows."""

    is_on: bool
    threshold: int
    is_asked: bool
    begun_at: datetime | None
    told: str
    examples: int
    versions: tuple[VersionLine, ...]

    @property
    def in_force(self) -> VersionLine | None:
        return next((version for version in self.versions if version.is_in_force), None)

    @property
    def shown(self) -> VersionLine | None:
        """Whose categories are shown: the one in force, else the latest."""
        return self.in_force or next(iter(self.versions), None)


def learner_of(agency_id: int) -> Learner:
    return Learner.objects.filter(agency_id=agency_id).first() or Learner(agency_id=agency_id, threshold=THRESHOLD)


def learning_of(agency_id: int) -> Learning:
    """Two queries, without the models themselves."""
    learner = learner_of(agency_id)
    rows = list(Version.objects.filter(agency_id=agency_id).defer("data").order_by("-number")[:SHOWN])
    mark = mark_of(key_of(agency_id))
    good = next((row.pk for row in rows if row.is_good and row.key_mark == mark), None) if learner.is_on else None
    return Learning(
        is_on=learner.is_on,
        threshold=learner.threshold,
        is_asked=learner.asked_at is not None,
        begun_at=learner.begun_at,
        told=str(Learner.Told(learner.told).label) if learner.told else "",
        examples=learner.examples,
        versions=tuple(_line(row, in_force=row.pk == good) for row in rows),
    )


def data_in_force(agency_id: int) -> bytes:
    """The model that judges; empty where the learner is off or nothing good was learned. From the operator's place."""
    if not learner_of(agency_id).is_on:
        return b""
    mark = mark_of(key_of(agency_id))
    good = Version.objects.filter(agency_id=agency_id, is_good=True, key_mark=mark).order_by("-number")
    return bytes(good.values_list("data", flat=True).first() or b"")


def agencies_due(now: datetime) -> list[int]:
    """Whose learner was asked to learn, or has not for a week. From the operator's place."""
    learners = Learner.objects.filter(is_on=True).exclude(Q(begun_at__gt=now - EVERY, asked_at__isnull=True))
    unheard = Agency.objects.filter(is_active=True).exclude(pk__in=Learner.objects.values("agency_id"))
    asked = learners.filter(agency__is_active=True).values_list("agency_id", flat=True)
    return sorted({*asked, *unheard.values_list("pk", flat=True)})


def _line(row: Version, *, in_force: bool) -> VersionLine:
    labels = [
        LabelLine(_name(label), held_out, right, guessed - right) for label, held_out, guessed, right in row.by_label
    ]
    return VersionLine(
        number=row.number,
        made_at=row.made_at,
        taught=row.taught,
        held_out=row.held_out,
        stores=row.stores,
        accuracy=_percent(row.right, row.held_out),
        by_rule=_percent(row.right_by_rule, row.held_out),
        is_good=row.is_good,
        is_in_force=in_force,
        size=row.size,
        labels=tuple(labels),
        left_out=tuple((_name(label), many) for label, many in sorted(row.left_out.items())),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _name(label: Any) -> str:
    return str(Category(label).label) if label in Category.values else str(label)
