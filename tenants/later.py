"""Jobs: the only importer of django-rq. A job is a nudge to look at rows that PostgreSQL already holds."""

from __future__ import annotations

import logging
from typing import Any, Final

import django_rq
from django.db import transaction
from redis.exceptions import RedisError
from rq.job import Job

log = logging.getLogger(__name__)

# Whatever is planted in Redis, only these run. A job carries ids, never text.
JOBS: Final = frozenset({"tickets.jobs.work_outbox"})


class ListedJob(Job):
    """A job that runs only if it is on the list: Redis may be written to by others, and RQ would call anything."""

    def perform(self) -> Any:
        if self.func_name not in JOBS:
            raise PermissionError(f"{self.func_name} is not on the list of jobs")
        return super().perform()


def nudge_after_commit(job: str, *ids: int) -> None:
    """After the commit, asks a worker to run `job(*ids)`. If Redis is away, the reconciler finds the rows."""
    if job not in JOBS:
        raise ValueError(f"{job} is not on the list of jobs")
    transaction.on_commit(lambda: nudge(job, *ids), robust=True)


def nudge(job: str, *ids: int) -> None:
    try:
        django_rq.get_queue("default").enqueue(job, *ids, result_ttl=0, failure_ttl=86400)
    except RedisError:
        log.warning("no nudge for %s%s: Redis does not answer; the reconciler will find it", job, ids)
