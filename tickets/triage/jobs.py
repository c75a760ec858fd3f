"""Jobs of triage: the only ones who import what judges and what learns, so that only the worker has numpy."""

from __future__ import annotations

import logging
import time
from typing import Final

from django.db import DatabaseError

from tenants.clock import database_now
from tenants.context import in_store
from tenants.later import nudge
from tenants.queries import StoreGone, store_by_id
from tickets.triage.actions.follow import TRIAGE
from tickets.triage.actions.train import train
from tickets.triage.actions.triage import triage
from tickets.triage.judging import Models
from tickets.triage.keys import key_of
from tickets.triage.model import Model, NoModel
from tickets.triage.models import Subject
from tickets.triage.queries.versions import data_in_force
from tickets.triage.queries.waiting import numbers_waiting, stores_waiting

log = logging.getLogger(__name__)

BATCH: Final = 100  # tickets of a store before the next one's turn: a burst in one starves no other
WORK_FOR: Final = 15.0  # seconds; mail waits behind us


def triage_agency(agency_id: int) -> None:
    """What arrived in the agency's stores, store by store in batches, for WORK_FOR at most; then another turn."""
    ends = time.monotonic() + WORK_FOR
    models, key = _models_of(agency_id), key_of(agency_id)
    for store_id in stores_waiting(agency_id):
        if time.monotonic() > ends:
            nudge(TRIAGE, agency_id)
            return
        try:
            with in_store(store_by_id(store_id)):
                triage(numbers_waiting(store_id, BATCH), models, key, now=database_now())
        except (DatabaseError, StoreGone):
            log.exception("store %s was not triaged; the clock asks again", store_id)


def train_agency(agency_id: int) -> None:
    for subject in Subject:
        train(agency_id, subject, now=database_now())


def _models_of(agency_id: int) -> Models:
    """What judges now, read once for all that this job judges."""
    found = dict[Subject, Model]()
    for subject, data in data_in_force(agency_id).items():
        try:
            found[subject] = Model.from_bytes(data)
        except NoModel:
            log.exception("the %s model of agency %s can't be read: the rules judge", subject, agency_id)
    return found
