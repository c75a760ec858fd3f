"""A person's own exams: what they can sit, what they sat, and the paper before them. Nobody else's, ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tenants.errors import NotFound
from tenants.models import Store
from tickets.certification.lapse import Learnt, Runs, lapses
from tickets.certification.models import Exam, Sitting
from tickets.certification.models.exam import in_readers_language
from tickets.certification.queries.certified import TAKEN, Needs, learnt_of, needs_of, titles_of


@dataclass(frozen=True)
class StoreMark:
    name: str
    band: int


@dataclass(frozen=True)
class Lapsed:
    """What has changed since, and in which of the stores that are looked at."""

    title: str
    number: int
    is_own: bool  # the store's own text
    stores: tuple[str, ...]


@dataclass(frozen=True)
class MyExam:
    """`state`: new, under_way, failed, certified, lapsed. `sitting`: the one under way, else the latest."""

    pk: int
    name: str
    state: str
    is_asked: bool
    stores: tuple[StoreMark, ...]
    lapsed: tuple[Lapsed, ...]
    asks: int
    minutes: int
    pass_mark: int
    sitting: int | None
    per_cent: int | None
    again_at: datetime | None  # in the future: not before
    until: datetime | None


def own_sitting(agency_id: int, person_id: int, pk: int, *, lock: bool = False) -> Sitting:
    """Raises NotFound: another's does not exist."""
    rows = Sitting.objects.filter(agency_id=agency_id, person_id=person_id, pk=pk)
    rows = rows.select_for_update(no_key=True, of=("self",)) if lock else rows
    sitting = rows.first()
    if sitting is None:
        raise NotFound(field="sitting")
    return sitting


def may_begin_at(exam: Exam, person_id: int) -> datetime | None:
    """When the wait after a failed try is over; None where there was none. One query."""
    last = Sitting.objects.filter(exam=exam, person_id=person_id, ended_at__isnull=False).order_by("-begun_at").first()
    return None if last is None else _again_at(exam, last)


def _again_at(exam: Exam, last: Sitting) -> datetime | None:
    if last.ended_at is None or last.passed:
        return None
    return last.ended_at + timedelta(minutes=exam.wait_minutes)


def exam_to_sit(agency_id: int, stores: Sequence[Store], pk: int) -> Exam:
    """An exam that can be taken, in one of these stores, which came past the gate. Raises NotFound. Two queries."""
    needs = needs_of([store.pk for store in stores], states=TAKEN)
    exam = Exam.objects.filter(agency_id=agency_id, pk=pk).first()
    if exam is None or not any(of == exam.pk for _store, of in needs):
        raise NotFound(field="exam")
    return exam


def needs_everywhere(exam: Exam) -> Needs:
    """What every store of the exam runs. Two queries."""
    open_ones = Store.objects.filter(agency_id=exam.agency_id, state=Store.State.OPEN).values_list("pk", flat=True)
    found = needs_of(list(open_ones), states=Exam.State.values)
    return {(store, of): runs for (store, of), runs in found.items() if of == exam.pk}


def my_exams(agency_id: int, person_id: int, stores: Sequence[Store], *, now: datetime) -> list[MyExam]:
    """What can be taken in these stores, which came past the gate: what is to be done first. Five queries at most."""
    needs = needs_of([store.pk for store in stores], states=TAKEN)
    ids = {exam for _store, exam in needs}
    exams = Exam.objects.filter(agency_id=agency_id, pk__in=ids)
    held = learnt_of(ids, person=person_id)
    last = latest_of(ids, person=person_id)
    by_exam: dict[int, dict[int, tuple[Runs, ...]]] = {}
    for (store, exam_id), runs in needs.items():
        by_exam.setdefault(exam_id, {})[store] = runs
    titles = titles_of({one.item for runs in needs.values() for one in runs})
    marks = {store.pk: store for store in stores}
    lines = []
    for exam in exams:
        learnt = held.get(exam.pk, {}).get(person_id)
        lapsed = lapsed_in(learnt, by_exam[exam.pk], titles, {pk: store.name for pk, store in marks.items()})
        shown = tuple(StoreMark(marks[pk].name, marks[pk].band) for pk in by_exam[exam.pk])
        lines.append(_line(exam, last.get((exam.pk, person_id)), learnt, lapsed, shown, now))
    return sorted(lines, key=_to_do_first)


def _to_do_first(line: MyExam) -> tuple[Any, ...]:
    order = ("under_way", "lapsed", "failed", "new", "certified")
    return line.state == "certified", line.state != "under_way", not line.is_asked, order.index(line.state), line.pk


def _line(
    exam: Exam,
    last: Sitting | None,
    learnt: Learnt | None,
    lapsed: tuple[Lapsed, ...],
    stores: tuple[StoreMark, ...],
    now: datetime,
) -> MyExam:
    again_at = _again_at(exam, last) if last is not None else None
    state = state_of(last, learnt, is_lapsed=bool(lapsed), now=now)
    return MyExam(
        pk=exam.pk,
        name=str(exam),
        state=state,
        is_asked=exam.state == Exam.State.ASKED,
        stores=stores,
        lapsed=lapsed,
        asks=exam.asks,
        minutes=exam.minutes,
        pass_mark=exam.pass_mark,
        sitting=last.pk if last is not None else None,
        per_cent=last.per_cent if last is not None else None,
        again_at=again_at if again_at is not None and again_at > now else None,
        until=last.until if last is not None and state == "under_way" else None,
    )


def state_of(last: Sitting | None, learnt: Learnt | None, *, is_lapsed: bool, now: datetime) -> str:
    """new, under_way, failed, certified, lapsed."""
    if last is not None and last.ended_at is None and now < last.until:
        return "under_way"
    if learnt is not None:
        return "lapsed" if is_lapsed else "certified"
    return "failed" if last is not None and last.passed is False else "new"


def latest_of(exam_ids: Iterable[int], *, person: int | None = None) -> dict[tuple[int, int], Sitting]:
    """(exam, person) → their latest try, without what was asked. One query."""
    rows = Sitting.objects.filter(exam_id__in=exam_ids).defer("asked", "answers", "results", "versions")
    rows = rows.filter(person_id=person) if person is not None else rows
    latest = rows.order_by("exam_id", "person_id", "-begun_at").distinct("exam_id", "person_id")
    return {(sitting.exam_id, sitting.person_id): sitting for sitting in latest}


def lapsed_in(
    learnt: Learnt | None,
    by_store: Mapping[int, Iterable[Runs]],
    titles: Mapping[int, str],
    stores: Mapping[int, str],
) -> tuple[Lapsed, ...]:
    """What a certificate lapsed by, with the names of the stores where; nothing without one."""
    if learnt is None:
        return ()
    found: dict[tuple[int, int, bool], list[str]] = {}
    for store, runs in by_store.items():
        for one in lapses(learnt, runs):
            is_own = one.own_at is not None and one.own_at > learnt.at
            found.setdefault((one.item, one.number, is_own), []).append(stores.get(store, ""))
    return tuple(
        Lapsed(titles.get(item, "–"), number, is_own, tuple(sorted(names)))
        for (item, number, is_own), names in found.items()
    )


# ---------------------------------------------------------------- the paper


@dataclass(frozen=True)
class ChoiceLine:
    place: int
    text: str
    is_chosen: bool
    is_right: bool | None  # None until it has ended


@dataclass(frozen=True)
class QuestionLine:
    """`was_right`, `why`, `sop` and `step` are said when it has ended, and not before."""

    place: int
    number: int  # from one
    text: str
    is_multiple: bool
    choices: tuple[ChoiceLine, ...]
    was_right: bool | None
    why: str
    sop: int | None
    sop_title: str


@dataclass(frozen=True)
class Paper:
    pk: int
    exam: int
    name: str
    questions: tuple[QuestionLine, ...]
    answered: int
    revision: int
    begun_at: datetime
    until: datetime
    seconds_left: int
    has_ended: bool
    ran_out: bool
    per_cent: int | None
    correct: int
    pass_mark: int
    passed: bool | None
    again_at: datetime | None


def paper_of(sitting: Sitting, *, now: datetime) -> Paper:
    """What its person sees of it. Two queries."""
    exam = Exam.objects.get(pk=sitting.exam_id)
    has_ended = sitting.ended_at is not None
    titles = titles_of({one["sop"] for one in sitting.asked if one["sop"]}) if has_ended else {}
    lines = tuple(_question(sitting, place, one, has_ended, titles) for place, one in enumerate(sitting.asked))
    return Paper(
        pk=sitting.pk,
        exam=exam.pk,
        name=str(exam),
        questions=lines,
        answered=sum(any(choice.is_chosen for choice in line.choices) for line in lines),
        revision=sitting.revision,
        begun_at=sitting.begun_at,
        until=sitting.until,
        seconds_left=max(0, int((sitting.until - now).total_seconds())),
        has_ended=has_ended,
        ran_out=has_ended and sitting.ended_at == sitting.until,
        per_cent=sitting.per_cent,
        correct=sum(bool(line.was_right) for line in lines),
        pass_mark=sitting.pass_mark,
        passed=sitting.passed,
        again_at=_again_at(exam, sitting),
    )


def _question(
    sitting: Sitting, place: int, asked: Mapping[str, Any], has_ended: bool, titles: Mapping[int, str]
) -> QuestionLine:
    chosen, right = set(sitting.answers.get(str(place), ())), set(asked["right"])
    return QuestionLine(
        place=place,
        number=place + 1,
        text=in_readers_language(asked["zh"], asked["en"]),
        is_multiple=asked["kind"] == "multiple",
        choices=tuple(
            ChoiceLine(at, in_readers_language(one["zh"], one["en"]), at in chosen, at in right if has_ended else None)
            for at, one in enumerate(asked["choices"])
        ),
        was_right=sitting.results.get(str(asked["id"])) if has_ended else None,
        why=in_readers_language(asked["why_zh"], asked["why_en"]) if has_ended else "",
        sop=asked["sop"] if has_ended and asked["sop"] in titles else None,
        sop_title=titles.get(asked["sop"], ""),
    )
