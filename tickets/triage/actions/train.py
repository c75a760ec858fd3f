"""train: an agency's learner of a subject learns from what people said. Run by a job alone: it imports scikit-learn."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Max, QuerySet

from tenants.context import in_store
from tenants.queries import StoreGone, store_by_id
from tickets.triage.keys import key_of, mark_of
from tickets.triage.learn import Example, Learned, learn, split
from tickets.triage.models import Learner, Subject, Version
from tickets.triage.queries.examples import examples_here, stores_of
from tickets.triage.queries.versions import EVERY
from tickets.triage.subjects import ABOUT

log = logging.getLogger(__name__)

MOST: Final = 6_000  # what is learned from at once: a job has 60 seconds
KEPT: Final = 3  # versions whose data stays


def train(agency_id: int, subject: Subject, *, now: datetime) -> Version | None:
    """A new version from what is there now, if it is this learner's turn; None where it is not, or there is too little.

    From the operator's place; enters the agency's stores one after the other, and takes no word out of them but into
    this process. A version that is not good enough is kept with its figures, and does not judge.
    """
    learner, about = _claim(agency_id, subject, now), ABOUT[subject]
    if learner is None:
        return None
    examples = _gathered(agency_id, subject)
    often = Counter(example.label for example in examples if example.is_judge)
    left_out = {label: many for label, many in often.items() if many < about.fewest_of_label}
    known = [example for example in examples if example.label in often.keys() - left_out.keys()]
    taught, held_out = split(known)
    if often.total() - sum(left_out.values()) < about.fewest or len(often) - len(left_out) < 2 or not held_out:
        _tell(learner, Learner.Told.TOO_FEW, often, examples)
        return None
    key = key_of(agency_id)
    learned = learn(taught, held_out, key)
    by_rule = sum(about.by_rule(example.text) == example.label for example in held_out)
    is_good = learned.is_good(learner.threshold, by_rule)
    stores = len({example.mark.partition("/")[0] for example in known})
    with transaction.atomic():
        version = _write(learner, learned, by_rule, is_good, stores, left_out, mark_of(key), now)
        _tell(learner, Learner.Told.LEARNED if is_good else Learner.Told.BELOW, often, examples)
    return version


def _claim(agency_id: int, subject: Subject, now: datetime) -> Learner | None:
    """Of two jobs one gets it: the other finds that it has just begun."""
    with transaction.atomic():
        Learner.objects.bulk_create([Learner(agency_id=agency_id, subject=subject)], ignore_conflicts=True)
        learner = Learner.objects.select_for_update(no_key=True).get(agency_id=agency_id, subject=subject)
        is_due = learner.asked_at is not None or learner.begun_at is None or learner.begun_at <= now - EVERY
        if not learner.is_on or not is_due:
            return None
        learner.asked_at, learner.begun_at = None, now
        learner.save(update_fields=["asked_at", "begun_at"])
        return learner


def _gathered(agency_id: int, subject: Subject) -> list[Example]:
    """Of every open store, as many as there is room for; one in trouble teaches nothing this time."""
    stores, found = stores_of(agency_id), list[Example]()
    share = max(20, MOST // max(1, len(stores)))
    for store in stores:
        try:
            with in_store(store_by_id(store.pk)):
                found.extend(examples_here(subject, share))
        except (DatabaseError, StoreGone):
            log.exception("store %s taught nothing", store.pk)
    return found[:MOST]


def _write(
    learner: Learner,
    learned: Learned,
    by_rule: int,
    is_good: bool,
    stores: int,
    left_out: dict[str, int],
    key_mark: str,
    now: datetime,
) -> Version:
    versions = Version.objects.filter(agency_id=learner.agency_id, subject=learner.subject)
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    data = learned.model.to_bytes()
    made = Version.objects.create(
        agency_id=learner.agency_id,
        subject=learner.subject,
        number=number,
        made_at=now,
        stores=stores,
        taught=learned.trained,
        held_out=learned.held_out,
        right=learned.right,
        right_by_rule=by_rule,
        is_good=is_good,
        by_label=[[one.label, one.held_out, one.guessed, one.right] for one in learned.of_labels],
        left_out=left_out,
        features=len(learned.model.numbers),
        size=len(data),
        key_mark=key_mark,
        data=data if is_good else b"",
    )
    if is_good:
        _forget(versions.filter(is_good=True))
    return made


def _forget(good: QuerySet[Version]) -> None:
    """What has not judged for long is figures only."""
    kept = list(good.order_by("-number").values_list("pk", flat=True)[:KEPT])
    good.exclude(pk__in=kept).update(data=b"", is_good=False)


def _tell(learner: Learner, told: str, often: Counter[str], examples: Sequence[Example]) -> None:
    """`often`: labels that can judge, of each how many; what else was found only teaches."""
    known, all_of_them = often.total(), len(examples)
    Learner.objects.filter(pk=learner.pk).update(told=told, examples=known, found=often, beside=all_of_them - known)
