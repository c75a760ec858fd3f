"""Jobs: the only importer of django-rq. A job is a nudge to look at rows that PostgreSQL already holds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import django_rq
from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job

from tenants import live
from tenants.background import Background
from tenants.context import as_operator
from tenants.queries import StoreGone

# Whatever is planted in Redis, only these run. A job carries ids, never text.
JOBS: Final = frozenset(
    {
        "tickets.jobs.work_outbox",
        "tickets.jobs.work_fired",
        "tickets.triage.jobs.triage_agency",
        "tickets.triage.jobs.train_agency",
        "reports.jobs.restore_group",
    }
)
PATIENCE: Final = 0.5  # seconds; what Redis has not answered by then is asked once more, then dropped
MARKED: Final = 120  # seconds; a queued job that was lost keeps others away for so long
FAILED_KEPT: Final = 86400  # seconds; the reconciler has long asked again
GONE_KEPT: Final = 90 * 86400  # of a job whose store was not open: nobody asks again while it is not

_Nudge = tuple[str, tuple[int, ...]]  # (job, ids)


class ListedJob(Job):
    """A job that runs only if it is on the list: Redis may be written to by others, and RQ would call anything.

    RQ ends the process of a job by os._exit, so what the job has announced is sent before `perform` returns.
    """

    def perform(self) -> Any:
        try:
            if self.func_name not in JOBS:
                raise PermissionError(f"{self.func_name} is not on the list of jobs")
            self.connection.delete(_mark(self.func_name, self.args))
            with as_operator():
                return super().perform()
        except StoreGone:
            self.failure_ttl = GONE_KEPT
            raise
        finally:
            flush()


def nudge_after_commit(job: str, *ids: int) -> None:
    """After the commit, asks a worker to run `job(*ids)`. Nobody waits for Redis; a lost nudge the reconciler mends."""
    _require_listed(job)
    transaction.on_commit(lambda: _nudges.post((job, ids), None), robust=True)


def nudge(job: str, *ids: int) -> None:
    """The same, now. While one such job waits for a worker, no second one is queued; one that runs is no hindrance."""
    _require_listed(job)
    _nudges.post((job, ids), None)


def flush(timeout: float = 1.0) -> bool:
    """Waits until every hint and nudge of this process is sent, or lost, `timeout` seconds at most. Whether so."""
    ends = time.monotonic() + timeout
    hints_sent = live.flush(timeout)
    return _nudges.flush(max(0.0, ends - time.monotonic())) and hints_sent


def _require_listed(job: str) -> None:
    if job not in JOBS:
        raise ValueError(f"{job} is not on the list of jobs")


def _enqueue(nudges: dict[_Nudge, None]) -> None:
    """Raises RedisError at the first one that Redis does not take; those behind it would only wait as long."""
    queue = django_rq.get_queue("default", commit_mode="auto", connection=_redis())
    for job, ids in nudges:
        if queue.connection.set(_mark(job, ids), "", nx=True, ex=MARKED):
            queue.enqueue(job, *ids, result_ttl=0, failure_ttl=FAILED_KEPT)


def _mark(job: str, ids: Iterable[object]) -> str:
    """Set while such a job waits. Not RQ's own `unique`, under which a job that runs, failed, or died with its worker
    keeps new ones away as well: the first would lose nudges, the others would stop a store's mail for minutes."""
    return ":".join(["nudged", job, *map(str, ids)])


@dataclass(frozen=True)
class DeadLetter:
    """A job that failed. `store` is the first of its ids; None where the job can't be read."""

    id: str
    job: str
    store: int | None
    failed_at: datetime | None
    why: str


class NoDeadLetter(LookupError):
    """There is no failed job with this id, or it is not on the list of jobs."""


def dead_letters() -> list[DeadLetter]:
    """Every job that failed and is kept, those first that are forgotten first. Raises RedisError."""
    registry = _failed()
    jobs = ListedJob.fetch_many(registry.get_job_ids(), registry.connection, serializer=registry.serializer)
    return [_dead_letter(job) for job in jobs if job is not None]


def retry_dead_letter(job_id: str) -> None:
    """Queues it again. Raises NoDeadLetter, RedisError."""
    job = _failed_job(job_id)
    if _dead_letter(job).job not in JOBS:
        raise NoDeadLetter(job_id)
    _failed().requeue(job)


def forget_dead_letter(job_id: str) -> None:
    """Raises NoDeadLetter, RedisError."""
    _failed().remove(_failed_job(job_id), delete_job=True)


def _failed() -> Any:
    return django_rq.get_queue("default", job_class=ListedJob, connection=_redis()).failed_job_registry


def _failed_job(job_id: str) -> Job:
    registry = _failed()
    try:
        if job_id in registry.get_job_ids():
            return ListedJob.fetch(job_id, connection=registry.connection, serializer=registry.serializer)
    except NoSuchJobError:
        pass
    raise NoDeadLetter(job_id)


def _dead_letter(job: Job) -> DeadLetter:
    """Its `why` is the last line of the traceback; whatever was planted in Redis, it can be listed."""
    result = job.latest_result()
    lines = ((result and result.exc_string) or "").strip().splitlines()
    try:
        name, ids = job.func_name or "", job.args
    except DeserializationError:
        name, ids = "", ()
    store = ids[0] if ids and isinstance(ids[0], int) else None
    return DeadLetter(job.id, name, store, job.ended_at, lines[-1] if lines else "")


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.RQ_QUEUES["default"]["URL"],
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1),
    )


_nudges: Final = Background("nudges", _enqueue)
