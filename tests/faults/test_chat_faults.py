"""A chat loses nothing while web, worker, Valkey and PostgreSQL are killed. The long form: `make faults`."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from tests.faults.history import run
from tests.faults.machine import Machine

OPERATIONS = ("web", "worker", "valkey", "postgres", "drain")


def test_nothing_is_lost_twice_or_out_of_order_whoever_is_killed(there: Machine, made: dict[str, Any]) -> None:
    seed = random.SystemRandom().randrange(10**6)
    operations = random.Random(seed).sample(OPERATIONS, len(OPERATIONS))

    outcome = asyncio.run(run(there, made, operations, seed=seed, conversations=12, pause=3))

    assert outcome.sent, outcome
    assert outcome.anomalies == [], str(outcome)
