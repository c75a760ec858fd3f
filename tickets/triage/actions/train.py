"""train: an agency's learner learns from its closed tickets. Run by a job alone: this imports scikit-learn."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Max

from tenants.context import in_store
from tenants.queries import StoreGone, store_by_id
from tickets.triage.keys import key_of, mark_of
from tickets.triage.learn import Example, Learned, learn, split
from tickets.triage.models import Learner, Version
from tickets.triage.queries.examples import examples_here, stores_of
from tickets.triage.queries.versions import EVERY
from tickets.triage.rules import judge

log = logging.getLogger(__name__)

FEWEST: Final = 200  # closed tickets with a category; fewer teach nothing that the rules don't know
FEWEST_OF_LABEL: Final = 20
MOST: Final = 6_000  # what is learned from at once: a job has 60 seconds
KEPT: Final = 3  # versions whose data stays


def train(agency_id: int, *, now: datetime) -> Version | None:
    """A new version from what is there now, if it is this learner's turn; None where it is not, or there is too little.

    From the operator's place; enters the agency's stores one after the other, and takes no word out of them but into
    this process. A version that is not good enough is kept with its figures, and does not judge.
    """
    learner = _claim(agency_id, now)
    if learner is None:
        return None
    examples = _gathered(agency_id)
    often = Counter(example.label for example in examples)
    left_out = {label: many for label, many in often.items() if many < FEWEST_OF_LABEL}
    known = [example for example in examples if example.label not in left_out]
    taught, held_out = split(known)
    if len(known) < FEWEST or len(often) - len(left_out) < 2 or not held_out:
        _tell(learner, Learner.Told.TOO_FEW, len(examples))
        return None
    key = key_of(agency_id)
    learned = learn(taught, held_out, key)
    by_rule = sum(judge(example.text).category == example.label for example in held_out)
    is_good = learned.accuracy * 100 >= learner.threshold and learned.right >= by_rule
    stores = len({example.mark.partition("/")[0] for example in known})
    with transaction.atomic():
        version = _write(agency_id, learned, by_rule, is_good, stores, left_out, mark_of(key), now)
        _tell(learner, Learner.Told.LEARNED if is_good else Learner.Told.BELOW, len(examples))
    return version


def _claim(agency_id: int, now: datetime) -> Learner | None:
    """Of two jobs one gets it: the other finds that it has just begun."""
    with transaction.atomic():
        Learner.objects.bulk_create([Learner(agency_id=agency_id)], ignore_conflicts=True)
        learner = Learner.objects.select_for_update(no_key=True).get(agency_id=agency_id)
        is_due = learner.asked_at is not None or learner.begun_at is None or learner.begun_at <= now - EVERY
        if not learner.is_on or not is_due:
            return None
        learner.asked_at, learner.begun_at = None, now
        learner.save(update_fields=["asked_at", "begun_at"])
        return learner


def _gathered(agency_id: int) -> list[Example]:
    """Of every open store, as many as there is room for; one in trouble teaches nothing this time."""
    stores, found = stores_of(agency_id), list[Example]()
    share = max(20, MOST // max(1, len(stores)))
    for store in stores:
        try:
            with in_store(store_by_id(store.pk)):
                found.extend(examples_here(share))
        except (DatabaseError, StoreGone):
            log.exception("store %s taught nothing", store.pk)
    return found[:MOST]


def _write(
    agency_id: int,
    learned: Learned,
    by_rule: int,
    is_good: bool,
    stores: int,
    left_out: dict[str, int],
    key_mark: str,
    now: datetime,
) -> Version:
    versions = Version.objects.filter(agency_id=agency_id)
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    data = learned.model.to_bytes()
    made = Version.objects.create(
        agency_id=agency_id,
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
        _forget(agency_id)
    return made


def _forget(agency_id: int) -> None:
    """What has not judged for long is figures only."""
    good = Version.objects.filter(agency_id=agency_id, is_good=True).order_by("-number")
    kept = list(good.values_list("pk", flat=True)[:KEPT])
    Version.objects.filter(agency_id=agency_id, is_good=True).exclude(pk__in=kept).update(data=b"", is_good=False)


def _tell(learner: Learner, told: str, examples: int) -> None:
    Learner.objects.filter(pk=learner.pk).update(told=told, examples=examples)
