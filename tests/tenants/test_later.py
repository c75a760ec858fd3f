"""later: nudges reach a worker once, delay nobody, and a job's announcements outlive its process."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.conf import settings
from redis import Redis
from rq.job import Job
from rq.worker import Worker

from tenants import later, live
from tenants.later import ListedJob, nudge, nudge_after_commit
from tickets import jobs

WORK = "tickets.jobs.work_outbox"
NOBODY = 10**12  # no store has this id


@pytest.fixture
def redis() -> Iterator[Redis]:
    """The tests' Redis, without what others have queued."""
    connection: Redis = django_rq.get_connection("default")

    def clean() -> None:
        django_rq.get_queue("default").empty()
        for key in connection.scan_iter("nudged:*"):
            connection.delete(key)

    later.flush()
    clean()
    yield connection
    later.flush()
    clean()


def queued() -> list[tuple[str, tuple[int, ...]]]:
    assert later.flush()
    return [(job.func_name, tuple(job.args)) for job in django_rq.get_queue("default").jobs]


def taken() -> ListedJob:
    """The next job, as a worker takes it."""
    queue = django_rq.get_queue("default")
    (job_id,) = queue.get_job_ids(0, 1)
    queue.pop_job_id()
    return ListedJob.fetch(job_id, connection=queue.connection, serializer=queue.serializer)


def test_nudge_waits_for_the_commit(db: None, redis: Redis, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        nudge_after_commit(WORK, NOBODY)
        assert queued() == []
    assert queued() == [(WORK, (NOBODY,))]


def test_one_job_waits_per_store(redis: Redis) -> None:
    for store_id in (NOBODY, NOBODY + 1, NOBODY):
        nudge(WORK, store_id)
        later.flush()
    assert sorted(queued()) == [(WORK, (NOBODY,)), (WORK, (NOBODY + 1,))]


def test_job_that_runs_keeps_no_nudge_away(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have looked before the row was there."""
    ran = []

    def work(store_id: int) -> None:
        ran.append(store_id)
        nudge(WORK, NOBODY)
        nudge(WORK, NOBODY)

    monkeypatch.setattr(jobs, "work_outbox", work)
    nudge(WORK, NOBODY)
    assert len(queued()) == 1
    taken().perform()
    assert (ran, len(queued())) == ([NOBODY], 1)


def test_job_that_failed_or_was_killed_keeps_no_nudge_away(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_store_id: int) -> None:
        raise SystemExit

    monkeypatch.setattr(jobs, "work_outbox", work)
    nudge(WORK, NOBODY)
    assert len(queued()) == 1
    with pytest.raises(SystemExit):
        taken().perform()
    nudge(WORK, NOBODY)
    assert len(queued()) == 1


def test_job_that_got_lost_keeps_nudges_away_for_a_while_only(redis: Redis) -> None:
    nudge(WORK, NOBODY)
    later.flush()
    assert 0 < redis.ttl(f"nudged:{WORK}:{NOBODY}") <= later.MARKED


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_job_announced_is_sent_when_it_ends(redis: Redis, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    sent: list[Any] = []

    def send(hints: dict[Any, Any]) -> None:
        time.sleep(0.1)
        sent.extend(hints)

    def work(_store_id: int) -> None:
        live._hints.post(("agency.1", 1, 1), 1)
        if fails:
            raise ValueError

    monkeypatch.setattr(live._hints, "send", send)
    monkeypatch.setattr(jobs, "work_outbox", work)
    nudge(WORK, NOBODY)
    later.flush()
    job = taken()
    if fails:
        with pytest.raises(ValueError):  # noqa: PT011
            job.perform()
    else:
        job.perform()
    assert sent == [("agency.1", 1, 1)]


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    """A worker takes the signals of its process, here pytest's."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_hint_of_a_work_horse_reaches_redis(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, signals_as_before: None
) -> None:
    """A real worker forks a process for the job, and that ends by os._exit."""
    monkeypatch.setattr(jobs, "work_outbox", lambda _store_id: live._hints.post(("agency.7", 1, 2), 3))
    heard = redis.pubsub()
    heard.psubscribe("live*agency.7")
    assert heard.get_message(timeout=1)["type"] == "psubscribe"
    nudge(WORK, NOBODY)
    assert len(queued()) == 1
    queue = django_rq.get_queue("default")
    Worker([queue], connection=queue.connection, job_class=ListedJob, serializer=queue.serializer).work(burst=True)
    said = heard.get_message(timeout=1)
    assert said is not None
    assert said["type"] == "pmessage"
    heard.close()


def test_only_listed_jobs_are_queued_or_run(redis: Redis) -> None:
    for ask in (nudge, nudge_after_commit):
        with pytest.raises(ValueError, match="list of jobs"):
            ask("os.system", 1)
    planted = Job.create(
        "os.system", args=("true",), connection=redis, serializer=settings.RQ_QUEUES["default"]["SERIALIZER"]
    )
    planted.save()
    found = ListedJob.fetch(planted.id, connection=redis, serializer=planted.serializer)
    with pytest.raises(PermissionError):
        found.perform()
    planted.delete()


@pytest.fixture
def hung_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that takes connections and never says a word."""
    path = tmp_path / "hung"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(20)
        monkeypatch.setattr("django_rq.settings.QUEUES", {"default": {"URL": f"unix://{path}"}})
        monkeypatch.setitem(settings.RQ_QUEUES["default"], "URL", f"unix://{path}")
        later._redis.cache_clear()
        yield
        later.flush(5)
    later._redis.cache_clear()


def test_redis_that_hangs_delays_no_answer(
    db: None, hung_redis: None, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        for store_id in range(5):
            nudge_after_commit(WORK, store_id)
    assert time.monotonic() - began < 0.2
    assert later.flush(5)
    assert time.monotonic() - began < 3
    assert "nudges: 5 not sent: TimeoutError" in caplog.text
