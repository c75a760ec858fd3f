"""Who may work where, as far as exams go. Public tables alone; read at a place or from the operator's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.models import Item
from tenants.context import ask
from tickets.certification.lapse import Learnt, Runs, lapses
from tickets.certification.models import Certificate, Exam

ASKED: Final = (Exam.State.ASKED,)
TAKEN: Final = (Exam.State.OPEN, Exam.State.ASKED)

# A row for each SOP of an exam that the store runs; one with nulls for an exam without any. A store with a text of its
# own goes on with that, whatever version is published under it.
_NEEDS: Final = """
SELECT store.id, exam.id, runs.item_id, version.number,
  CASE WHEN runs.override_of_id IS NOT NULL THEN runs.override_at END
FROM tenants_store store
JOIN certification_exam exam ON exam.agency_id = store.agency_id AND exam.state = ANY(%(states)s)
  AND (exam.all_stores OR EXISTS (
    SELECT FROM certification_examstore chosen WHERE chosen.exam_id = exam.id AND chosen.store_id = store.id))
LEFT JOIN (certification_examsop about
           JOIN knowledge_publication runs ON runs.item_id = about.item_id
           JOIN knowledge_version version ON version.id = coalesce(runs.override_of_id, runs.version_id))
  ON about.exam_id = exam.id AND runs.store_id = store.id
WHERE store.id = ANY(%(stores)s::bigint[]) AND store.state = 'open'
"""

Needs = dict[tuple[int, int], tuple[Runs, ...]]  # by (store, exam)


def certified_in(store_ids: Collection[int]) -> dict[int, frozenset[int] | None]:
    """store → the people who hold every certificate that it asks for; None: it asks for none. Two queries at most.

    Whether they still work here, and may answer there, is another question: the caller knows. Stores that run the same
    are judged once, so that a thousand of them cost little more than one.
    """
    needs = needs_of(store_ids)
    held = learnt_of({exam for _store, exam in needs}) if needs else {}
    judged: dict[tuple[int, tuple[Runs, ...]], frozenset[int]] = {}
    found: dict[int, frozenset[int] | None] = dict.fromkeys(store_ids)
    for (store, exam), runs in needs.items():
        if (exam, runs) not in judged:
            judged[exam, runs] = frozenset(
                who for who, learnt in held.get(exam, {}).items() if not lapses(learnt, runs)
            )
        before = found[store]
        found[store] = judged[exam, runs] if before is None else before & judged[exam, runs]
    return found


def needs_of(store_ids: Collection[int], *, states: Sequence[str] = ASKED) -> Needs:
    """What each open store runs of the SOPs of each exam in these states. One query."""
    found: dict[tuple[int, int], list[Runs]] = {}
    for store, exam, item, number, own_at in ask(_NEEDS, {"stores": list(store_ids), "states": [*states]}):
        there = found.setdefault((store, exam), [])
        if item is not None:
            there.append(Runs(item, number, own_at))
    return {key: tuple(sorted(runs, key=lambda one: one.item)) for key, runs in found.items()}


def learnt_of(exam_ids: Collection[int], *, person: int | None = None) -> dict[int, dict[int, Learnt]]:
    """exam → person → what their latest certificate is about. One query."""
    rows = Certificate.objects.filter(exam_id__in=exam_ids, revoked_at=None)
    rows = rows.filter(person_id=person) if person is not None else rows
    latest = rows.order_by("exam_id", "person_id", "-learnt_at").distinct("exam_id", "person_id")
    found: dict[int, dict[int, Learnt]] = {}
    for exam, who, versions, at in latest.values_list("exam_id", "person_id", "versions", "learnt_at"):
        found.setdefault(exam, {})[who] = Learnt({int(item): number for item, number in versions.items()}, at)
    return found


def versions_now(needs: Needs, exam: int) -> dict[str, int]:
    """What one learns who sits the exam now: the newest version that any store of it runs, by SOP, as JSON keeps it."""
    newest: dict[str, int] = {}
    for (_store, of), runs in needs.items():
        for one in runs if of == exam else ():
            newest[str(one.item)] = max(one.number, newest.get(str(one.item), 0))
    return newest


@dataclass(frozen=True)
class AskedHere:
    """An exam that a store asks for and somebody has not, or not any more."""

    exam: int
    name: str
    has_lapsed: bool


def missing_here(person_id: int, store_id: int) -> tuple[AskedHere, ...]:
    """What the store asks for and the person lacks. One query where it asks for nothing, else three."""
    needs = needs_of([store_id])
    if not needs:
        return ()
    held = learnt_of({exam for _store, exam in needs}, person=person_id)
    lacking = {
        exam: person_id in held.get(exam, {})
        for (_store, exam), runs in needs.items()
        if person_id not in held.get(exam, {}) or lapses(held[exam][person_id], runs)
    }
    exams = Exam.objects.filter(pk__in=lacking).order_by("pk") if lacking else ()
    return tuple(AskedHere(exam.pk, str(exam), lacking[exam.pk]) for exam in exams)


def titles_of(items: Collection[int]) -> Mapping[int, str]:
    """SOPs by their number, in the reader's language. One query, or none."""
    if not items:
        return {}
    return {item.pk: str(item) for item in Item.objects.filter(pk__in=items).only("title_zh", "title_en")}
