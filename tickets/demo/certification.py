"""The demo agency's exams: one that its first store asks for, which an agent has passed, and one that is only open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

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


def _make(agency_id: int, text: dict[str, Any], stores: Sequence[Store], lead: User, at: datetime) -> Exam:
    sops = Item.objects.filter(agency_id=agency_id, kind=Kind.SOP, categories__overlap=text["about"])
    values = {
        **text["values"],
        "stores": [store.pk for store in stores if store.slug in text["stores"]],
        "sops": [item.pk for item in sops],
    }
    exam = save_exam(agency_id, None, values, by=lead, now=at)
    by_category = {category: item.pk for item in sops for category in item.categories}
    add_questions(exam, [_question(one, by_category) for one in text["questions"]], by=lead, now=at)
    return exam


def _question(text: dict[str, Any], sops: Mapping[str, int]) -> Wanted:
    texts = {name: text.get(name, "") for name in ("text_zh", "text_en", "why_zh", "why_en")}
    about = sops.get(text.get("about", ""))
    if "is_true" in text:
        return Wanted("truth", choices=true_or_false(text["is_true"]), sop=about, **texts)
    choices = tuple(Choice(*one) for one in text["choices"])
    kind = "multiple" if sum(choice.is_right for choice in choices) > 1 else "single"
    return Wanted(kind, choices=choices, sop=about, **texts)


def _sits(exam: Exam, person: User, share: float, at: datetime) -> None:
    sitting = begin(exam, needs_everywhere(exam), by=person, now=at)
    known = round(len(sitting.asked) * share)
    answers = {place: one["right"] if place < known else [] for place, one in enumerate(sitting.asked)}
    hand_in(exam.agency_id, sitting.pk, answers=answers, seen=0, by=person, now=at + timedelta(minutes=9))
