"""How an exam goes: who is certified where, and which questions are answered right. For owners and leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenants.context import ask
from tenants.models import Assignment, Membership, Store
from tenants.models.people import Role
from tenants.queries.people import memberships_of
from tickets.certification.lapse import Learnt, Runs, lapses
from tickets.certification.models import Exam, Question
from tickets.certification.queries.certified import learnt_of, titles_of
from tickets.certification.queries.exams import bank
from tickets.certification.queries.sittings import Lapsed, lapsed_in, latest_of, needs_everywhere, state_of

TELLING: Final = 5  # answers, before a share of them says something
BAD: Final = 50  # per cent

_ANSWERED = """
SELECT question.id, count(*), count(*) FILTER (WHERE answer.value = 'true'::jsonb)
FROM certification_sitting sitting, jsonb_each(sitting.results) answer
JOIN certification_question question ON question.id = answer.key::bigint
WHERE sitting.exam_id = %s::bigint AND sitting.ended_at IS NOT NULL AND sitting.begun_at >= question.changed_at
GROUP BY question.id
"""


@dataclass(frozen=True)
class PersonLine:
    person: int
    name: str
    state: str  # see sittings.state_of
    lapsed: tuple[Lapsed, ...]
    per_cent: int | None
    at: datetime | None  # of the latest try
    learnt_at: datetime | None


@dataclass(frozen=True)
class StoreLine:
    """`people` answer there, `certified` of them hold a certificate that is good there."""

    name: str
    band: int
    certified: int
    people: int


@dataclass(frozen=True)
class BankLine:
    question: Question
    right: tuple[str, ...]  # letters
    asked: int
    per_cent: int | None

    @property
    def is_bad(self) -> bool:
        return self.per_cent is not None and self.asked >= TELLING and self.per_cent < BAD


@dataclass(frozen=True)
class Results:
    people: tuple[PersonLine, ...]
    stores: tuple[StoreLine, ...]


def results_of(exam: Exam, *, now: datetime) -> Results:
    """Seven queries, whatever the number of people and stores."""
    needs = needs_everywhere(exam)
    by_store = {store: runs for (store, _exam), runs in needs.items()}
    stores = {store.pk: store for store in Store.objects.filter(pk__in=by_store)}
    held = learnt_of([exam.pk]).get(exam.pk, {})
    last = latest_of([exam.pk])
    members = list(memberships_of(exam.agency_id).filter(user__is_active=True))
    works_in = _works_in(members, by_store)
    titles = titles_of({one.item for runs in by_store.values() for one in runs})
    names = {pk: store.name for pk, store in stores.items()}
    people = []
    for member in members:
        who = member.user_id
        theirs = {store: by_store[store] for store in works_in[who]}
        sitting, learnt = last.get((exam.pk, who)), held.get(who)
        if not theirs and sitting is None and learnt is None:
            continue
        lapsed = lapsed_in(learnt, theirs, titles, names)
        people.append(
            PersonLine(
                who,
                str(member.user),
                state_of(sitting, learnt, is_lapsed=bool(lapsed), now=now),
                lapsed,
                sitting.per_cent if sitting else None,
                (sitting.ended_at or sitting.begun_at) if sitting else None,
                learnt.at if learnt else None,
            )
        )
    lines = [_store(store, by_store[pk], held, works_in, pk) for pk, store in stores.items()]
    return Results(tuple(people), tuple(sorted(lines, key=lambda line: (line.certified, line.name))))


def _works_in(members: list[Membership], by_store: Mapping[int, tuple[Runs, ...]]) -> dict[int, set[int]]:
    """person → those of the stores in which they answer: leads in all."""
    given = Assignment.objects.filter(store_id__in=by_store, role=Role.AGENT).values_list("user_id", "store_id")
    found: dict[int, set[int]] = {
        member.user_id: set() if member.role == Role.AGENT else set(by_store) for member in members
    }
    for person, store in given:
        if person in found:
            found[person].add(store)
    return found


def _store(
    store: Store, runs: tuple[Runs, ...], held: Mapping[int, Learnt], works_in: Mapping[int, set[int]], pk: int
) -> StoreLine:
    here = [person for person, theirs in works_in.items() if pk in theirs]
    good = [person for person in here if person in held and not lapses(held[person], runs)]
    return StoreLine(store.name, store.band, len(good), len(here))


def bank_lines(exam: Exam) -> list[BankLine]:
    """The questions with how often they were answered right since they mean what they mean. Two queries."""
    told = {question: (asked, right) for question, asked, right in ask(_ANSWERED, [exam.pk])}
    lines = []
    for question in bank(exam):
        asked, right = told.get(question.pk, (0, 0))
        letters = tuple("ABCDEF"[at] for at, choice in enumerate(question.choices) if choice["is_right"])
        lines.append(BankLine(question, letters, asked, right * 100 // asked if asked else None))
    return lines
