"""What was learned of each subject: the version in force, those before it, and whose turn it is to learn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q, Window
from django.db.models.functions import RowNumber

from tenants.models import Agency
from tickets.triage.keys import key_of, mark_of
from tickets.triage.models import Learner, Subject, Version
from tickets.triage.subjects import ABOUT

EVERY: Final = timedelta(days=7)
SHOWN: Final = 20


@dataclass(frozen=True)
class LabelLine:
    """Of a label: how many were held out, found again among them, and how many of those said to be it were not."""

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
class Found:
    """Of a label: how often people had said it when the learner last looked, and how many more it takes."""

    label: str
    many: int
    missing: int


@dataclass(frozen=True)
class Learning:
    """What the page shows of a subject."""

    subject: str
    title: str
    is_on: bool
    threshold: int
    is_asked: bool
    begun_at: datetime | None
    told: str
    examples: int
    beside: int  # ratings that teach too, and judge nothing
    fewest: int
    fewest_of_label: int
    found: tuple[Found, ...]
    versions: tuple[VersionLine, ...]

    @property
    def missing(self) -> int:
        """How many labels of people it takes yet, as of the last look."""
        return max(0, self.fewest - self.examples)

    @property
    def in_force(self) -> VersionLine | None:
        return next((version for version in self.versions if version.is_in_force), None)

    @property
    def shown(self) -> VersionLine | None:
        """Whose labels are shown: the one in force, else the latest."""
        return self.in_force or next(iter(self.versions), None)


def learnings_of(agency_id: int) -> tuple[Learning, ...]:
    """Of every subject. Two queries, without the models themselves."""
    learners = {learner.subject: learner for learner in Learner.objects.filter(agency_id=agency_id)}
    place = Window(RowNumber(), partition_by="subject", order_by="-number")
    versions = Version.objects.filter(agency_id=agency_id).defer("data").annotate(place=place)
    rows, mark = list(versions.filter(place__lte=SHOWN).order_by("-number")), mark_of(key_of(agency_id))
    return tuple(
        _learning(learners.get(subject) or Learner(subject=subject), [r for r in rows if r.subject == subject], mark)
        for subject in Subject
    )


def data_in_force(agency_id: int) -> dict[Subject, bytes]:
    """The models that judge: none of a subject whose learner is off or has learned nothing good. One query, from the
    operator's place.
    """
    off = Learner.objects.filter(agency_id=agency_id, is_on=False).values("subject")
    mark = mark_of(key_of(agency_id))
    good = Version.objects.filter(agency_id=agency_id, is_good=True, key_mark=mark).exclude(subject__in=off)
    latest = good.order_by("subject", "-number").distinct("subject").values_list("subject", "data")
    return {Subject(subject): bytes(data) for subject, data in latest}


def agencies_due(now: datetime) -> list[int]:
    """Some learner of whose was asked to learn, or has not for a week. From the operator's place."""
    learners = Learner.objects.filter(is_on=True).exclude(Q(begun_at__gt=now - EVERY, asked_at__isnull=True))
    have = [Learner.objects.filter(subject=subject).values("agency_id") for subject in Subject]
    unheard = Agency.objects.filter(reduce(or_, (~Q(pk__in=those) for those in have)), is_active=True)
    asked = learners.filter(agency__is_active=True).values_list("agency_id", flat=True)
    return sorted({*asked, *unheard.values_list("pk", flat=True)})


def _learning(learner: Learner, rows: list[Version], mark: str) -> Learning:
    subject = Subject(learner.subject)
    about = ABOUT[subject]
    good = next((row.pk for row in rows if row.is_good and row.key_mark == mark), None) if learner.is_on else None
    return Learning(
        subject=subject,
        title=str(subject.label),
        is_on=learner.is_on,
        threshold=learner.threshold,
        is_asked=learner.asked_at is not None,
        begun_at=learner.begun_at,
        told=str(Learner.Told(learner.told).label) if learner.told else "",
        examples=learner.examples,
        beside=learner.beside,
        fewest=about.fewest,
        fewest_of_label=about.fewest_of_label,
        found=tuple(
            Found(str(name), learner.found[label], max(0, about.fewest_of_label - learner.found[label]))
            for label, name in about.labels.items()
            if label in learner.found
        ),
        versions=tuple(_line(subject, row, in_force=row.pk == good) for row in rows),
    )


def _line(subject: Subject, row: Version, *, in_force: bool) -> VersionLine:
    labels = [
        LabelLine(_name(subject, label), held_out, right, guessed - right)
        for label, held_out, guessed, right in row.by_label
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
        left_out=tuple((_name(subject, label), many) for label, many in sorted(row.left_out.items())),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _name(subject: Subject, label: str) -> str:
    return str(ABOUT[subject].labels.get(label, label))
