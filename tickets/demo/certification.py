"""The demo agency's exams: one that its first store asks for, which an agent has passed, and one that is only open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from knowledge.models import Item, Kind
from tenants.models import Store, User
from tickets.certification.actions.set_exam import save_exam, set_state
from tickets.certification.actions.set_question import Choice, Wanted, add_questions, true_or_false
from tickets.certification.actions.sit import begin, hand_in
from tickets.certification.models import Exam
from tickets.certification.queries.sittings import needs_everywhere

TEXTS = Path(__file__).with_name("exams.json")
BEFORE = timedelta(days=3)


@transaction.atomic
def make_exams(agency_id: int, stores: Sequence[Store], *, lead: User, agents: Sequence[User], now: datetime) -> None:
    """Once: what the agency has changed since stays. The first of `agents` passes the first exam, the second fails."""
    if Exam.objects.filter(agency_id=agency_id).exists():
        return
    for text in json.loads(TEXTS.read_text(encoding="utf-8")):
        exam = _make(agency_id, text, stores, lead, now - BEFORE)
        for state in text["states"]:
            exam = set_state(exam, state, by=lead, now=now - BEFORE)
        for person, share in zip(agents, text["reached"], strict=False):
            _sits(exam, person, share, now - BEFORE / 2)


def _make(agency_id: int, text: dict[str, object], stores: Sequence[Store], lead: User, at: datetime) -> Exam:
    sops = Item.objects.filter(agency_id=agency_id, kind=Kind.SOP, categories__overlap=text["about"])
    values = {
        **text["values"],  # type: ignore[dict-item]
        "stores": [store.pk for store in stores if store.slug in text["stores"]],  # type: ignore[operator]
        "sops": list(sops.values_list("pk", flat=True)),
    }
    exam = save_exam(agency_id, None, values, by=lead, now=at)
    add_questions(exam, [_question(one) for one in text["questions"]], by=lead, now=at)  # type: ignore[attr-defined]
    return exam


def _question(text: dict[str, object]) -> Wanted:
    texts = {name: str(text.get(name, "")) for name in ("text_zh", "text_en", "why_zh", "why_en")}
    if "is_true" in text:
        return Wanted("truth", choices=true_or_false(bool(text["is_true"])), **texts)
    choices = tuple(Choice(*one) for one in text["choices"])  # type: ignore[attr-defined]
    kind = "multiple" if sum(choice.is_right for choice in choices) > 1 else "single"
    return Wanted(kind, choices=choices, **texts)


def _sits(exam: Exam, person: User, share: float, at: datetime) -> None:
    sitting = begin(exam, needs_everywhere(exam), by=person, now=at)
    known = round(len(sitting.asked) * share)
    answers = {place: one["right"] if place < known else [] for place, one in enumerate(sitting.asked)}
    hand_in(exam.agency_id, sitting.pk, answers=answers, seen=0, by=person, now=at + timedelta(minutes=9))
