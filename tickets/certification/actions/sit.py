"""begin, save_answer, hand_in: a person sits an exam. The server keeps the time; what was saved in it counts."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.errors import Conflict, Invalid
from tenants.models import User
from tickets.certification.lapse import lapses
from tickets.certification.marking import draw, mark, shuffled
from tickets.certification.models import Certificate, Exam, Question, Sitting
from tickets.certification.queries.certified import Needs, learnt_of, versions_now
from tickets.certification.queries.sittings import may_begin_at, own_sitting

AT_ONCE: Final = 200  # sittings whose time is over, of one look


class MovedOn(Conflict):
    """Another tab has saved answers that this one has not seen. Nothing was handed in."""

    code = "moved_on"
    message = gettext_lazy("You answered in another tab too. Here is how it stands; hand it in again.")


@transaction.atomic
def begin(exam: Exam, needs: Needs, *, by: User, now: datetime) -> Sitting:
    """The one that is under way, or a new one. Raises Conflict where it is not open, was passed and holds, or too soon.

    `needs`: of the exam, in all its stores.
    """
    exam = Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)  # two clicks: the second finds the first's
    there = Sitting.objects.select_for_update(no_key=True).filter(exam=exam, person=by, ended_at=None).first()
    if there is not None:
        if now < there.until:
            return there
        _settle(there, now=now)
    _may_begin(exam, needs, by, now)
    seed = secrets.randbits(31)
    return Sitting.objects.create(
        agency_id=exam.agency_id,
        exam=exam,
        person=by,
        seed=seed,
        asked=_drawn(exam, seed),
        pass_mark=exam.pass_mark,
        versions=versions_now(needs, exam.pk),
        begun_at=now,
        until=now + timedelta(minutes=exam.minutes),
    )


def _may_begin(exam: Exam, needs: Needs, by: User, now: datetime) -> None:
    if exam.state not in (Exam.State.OPEN, Exam.State.ASKED):
        raise Conflict(_("This exam is not open."))
    learnt = learnt_of([exam.pk], person=by.pk).get(exam.pk, {}).get(by.pk)
    if learnt is not None and not any(lapses(learnt, runs) for (_store, of), runs in needs.items() if of == exam.pk):
        raise Conflict(_("You have passed it, and it holds."))
    again_at = may_begin_at(exam, by.pk)
    if again_at is not None and now < again_at:
        minutes = -(-int((again_at - now).total_seconds()) // 60)
        told = ngettext("You can try again in %(total)d minute.", "You can try again in %(total)d minutes.", minutes)
        raise Conflict(told % {"total": minutes})


def _drawn(exam: Exam, seed: int) -> list[dict[str, Any]]:
    """The questions of a sitting as they read now, with the places of the right choices as they are shown."""
    bank = {row.pk: row for row in Question.objects.filter(exam=exam, is_on=True)}
    drawn = draw([(row.pk, row.sop_id) for row in bank.values()], exam.asks, seed=seed)
    return [_as_asked(bank[pk], seed + place) for place, pk in enumerate(drawn)]


def _as_asked(question: Question, seed: int) -> dict[str, Any]:
    choices = question.choices
    is_fixed = question.kind == Question.Kind.TRUTH
    order = list(range(len(choices))) if is_fixed else shuffled(len(choices), seed=seed)
    return {
        "id": question.pk,
        "kind": question.kind,
        "zh": question.text_zh,
        "en": question.text_en,
        "choices": [{"zh": choices[at]["zh"], "en": choices[at]["en"]} for at in order],
        "right": [place for place, at in enumerate(order) if choices[at]["is_right"]],
        "why_zh": question.why_zh,
        "why_en": question.why_en,
        "sop": question.sop_id,
        "step": question.step,
    }


@transaction.atomic
def save_answer(
    agency_id: int, pk: int, *, place: int, chosen: Collection[int], seen: int, by: User, now: datetime
) -> tuple[Sitting, bool]:
    """Keeps the answer to one question. Also whether another tab saved something that this one has not seen.

    Over time, or ended: nothing is kept, and the sitting that comes back has ended. Raises NotFound, Invalid.
    """
    sitting = own_sitting(agency_id, by.pk, pk, lock=True)
    if not _is_under_way(sitting, now):
        return sitting, False
    has_moved = sitting.revision != seen
    _keep(sitting, {place: chosen})
    return sitting, has_moved


@transaction.atomic
def hand_in(
    agency_id: int, pk: int, *, answers: Mapping[int, Collection[int]], seen: int, by: User, now: datetime
) -> Sitting:
    """Ends it and says what it is worth: once, however often it is sent. `answers` are the page's, all of them.

    After its time they do not count, only what was saved in it. Raises NotFound, Invalid, MovedOn.
    """
    sitting = own_sitting(agency_id, by.pk, pk, lock=True)
    if not _is_under_way(sitting, now):
        return sitting
    if sitting.revision != seen:
        raise MovedOn
    _keep(sitting, answers)
    _settle(sitting, now=now)
    return sitting


@transaction.atomic
def end_if_over(agency_id: int, pk: int, *, by: User, now: datetime) -> Sitting:
    """The sitting as it stands now: one whose time is over has ended. Raises NotFound."""
    sitting = own_sitting(agency_id, by.pk, pk, lock=True)
    _is_under_way(sitting, now)
    return sitting


@transaction.atomic
def follow(now: datetime) -> int:
    """Each second: what was begun and left is worth what was saved of it. How many. From the operator's place."""
    rows = Sitting.objects.select_for_update(no_key=True, skip_locked=True).filter(ended_at=None, until__lte=now)
    over = list(rows.order_by("until")[:AT_ONCE])
    for sitting in over:
        _settle(sitting, now=now)
    return len(over)


def _is_under_way(sitting: Sitting, now: datetime) -> bool:
    """Ends it where its time is over."""
    if sitting.ended_at is None and now >= sitting.until:
        _settle(sitting, now=now)
    return sitting.ended_at is None


def _keep(sitting: Sitting, answers: Mapping[int, Collection[int]]) -> None:
    for place, chosen in answers.items():
        _check_answer(sitting, place, chosen)
    kept = {str(place): sorted(set(chosen)) for place, chosen in answers.items()}
    sitting.answers = {**sitting.answers, **kept}
    sitting.revision += 1
    sitting.save(update_fields=["answers", "revision"])


def _check_answer(sitting: Sitting, place: int, chosen: Collection[int]) -> None:
    field = f"q.{place + 1}"
    if not 0 <= place < len(sitting.asked):
        raise Invalid(_("There is no such question."), field=field)
    asked = sitting.asked[place]
    if any(not 0 <= one < len(asked["choices"]) for one in chosen):
        raise Invalid(_("There is no such choice."), field=field)
    if len(set(chosen)) > 1 and asked["kind"] != Question.Kind.MULTIPLE:
        raise Invalid(_("Only one can be chosen here."), field=field)


def _settle(sitting: Sitting, *, now: datetime) -> None:
    right = [frozenset(one["right"]) for one in sitting.asked]
    given = [frozenset(sitting.answers.get(str(place), ())) for place in range(len(right))]
    found = mark(right, given, pass_mark=sitting.pass_mark)
    sitting.ended_at = min(now, sitting.until)
    sitting.per_cent, sitting.passed = found.per_cent, found.passed
    sitting.results = {str(one["id"]): good for one, good in zip(sitting.asked, found.right, strict=True)}
    sitting.save(update_fields=["ended_at", "per_cent", "passed", "results"])
    if found.passed:
        Certificate.objects.create(
            agency_id=sitting.agency_id,
            exam_id=sitting.exam_id,
            person_id=sitting.person_id,
            sitting=sitting,
            versions=sitting.versions,
            learnt_at=sitting.begun_at,
            given_at=sitting.ended_at,
        )
