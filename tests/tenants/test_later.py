"""later: nudges reach a worker once, delay nobody, and a job's announcements outlive its process."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from redis import Redis
from rq.job import Job
from rq.worker import SimpleWorker, Worker

from tenants import later, live
from tenants.actions.archive_store import archive_store, restore_store
from tenants.actions.delete_store import delete_store
from tenants.actions.suspend_store import resume_store, suspend_store
from tenants.context import in_store
from tenants.later import (
    GONE_KEPT,
    DeadLetter,
    ListedJob,
    NoDeadLetter,
    dead_letters,
    forget_dead_letter,
    nudge,
    nudge_after_commit,
    retry_dead_letter,
)
from tenants.models import Store
from tenants.queries import StoreGone
from tests.scenes import buyer_writes, in_a_thread
from tests.tenants.conftest import BY, Life, checksum, public_counts
from tickets import jobs
from tickets.desk.models import Outbox

WORK = "tickets.jobs.work_outbox"
NOBODY = 10**12  # no store has this id


@pytest.fixture
def redis() -> Iterator[Redis]:
    """The tests' Redis, without what others have queued."""
    connection: Redis = django_rq.get_connection("default")

    def clean() -> None:
        django_rq.get_queue("default").empty()
        for letter in dead_letters():
            forget_dead_letter(letter.id)
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
        live._hints.post((1, "agency.1", "queue.changed", 1, 1), 1)
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
    assert sent == [(1, "agency.1", "queue.changed", 1, 1)]


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
    hint = (7, "agency.7", "queue.changed", 1, 2)
    monkeypatch.setattr(jobs, "work_outbox", lambda _store_id: live._hints.post(hint, (3, None)))
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


# ---------------------------------------------------------------- dead letters


def archive_it(store: Store) -> None:
    archive_store(store, **BY)


def delete_it(store: Store) -> None:
    archive_store(store, **BY)
    delete_store(store, **BY, by_order="a test")


def suspend_it(store: Store) -> None:
    suspend_store(store, reason="unpaid", **BY)


def worked_off() -> list[DeadLetter]:
    """What a worker makes of the queue, in this process: one that forks would share our connections."""
    assert later.flush()
    queue = django_rq.get_queue("default")
    worker = SimpleWorker([queue], connection=queue.connection, job_class=ListedJob, serializer=queue.serializer)
    worker.work(burst=True, logging_level="CRITICAL")
    return dead_letters()


@pytest.mark.parametrize("close", [suspend_it, archive_it, delete_it])
def test_job_of_a_store_that_is_not_open_becomes_a_dead_letter(
    life: Life, redis: Redis, signals_as_before: None, close: Any
) -> None:
    with in_store(life.s):
        buyer_writes(channel="email", customer_email="b@example.com")
    later.flush()
    close(life.s)
    others, rows = checksum(life.t.schema_name), public_counts()
    nudge(WORK, life.s.pk)
    (letter,) = worked_off()
    assert (letter.job, letter.store) == (WORK, life.s.pk)
    assert "StoreGone: " in letter.why
    assert letter.failed_at is not None
    assert (public_counts(), checksum(life.t.schema_name)) == (rows, others)
    kept = redis.zscore(django_rq.get_queue("default").failed_job_registry.key, letter.id)
    assert isinstance(kept, float)
    assert kept - time.time() > GONE_KEPT - 60


@pytest.mark.parametrize(
    ("close", "reopen"),
    [(suspend_it, partial(resume_store, **BY)), (archive_it, partial(restore_store, **BY))],
    ids=["suspended", "archived"],
)
def test_waiting_mail_goes_on_when_its_store_does(
    life: Life, redis: Redis, signals_as_before: None, close: Any, reopen: Any
) -> None:
    with in_store(life.s):
        buyer_writes(channel="email", customer_email="b@example.com")
    close(life.s)
    (letter,) = worked_off()
    waiting = Outbox.objects.filter(store=life.s, carried_by_us=True, next_try_at__isnull=False)
    assert waiting.count() == 1
    reopen(life.s)
    retry_dead_letter(letter.id)
    assert worked_off() == []
    assert waiting.count() == 0


def test_store_that_is_suspended_during_a_job_gets_no_further_letter(
    life: Life, redis: Redis, signals_as_before: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_store(life.s):
        for number in range(3):
            buyer_writes(f"x-{number}", channel="email", customer_id=f"b-{number}", customer_email="b@example.com")
    deliver, carried = jobs.deliver, []

    def slowly(outbox_id: int, **more: Any) -> None:
        deliver(outbox_id, **more)
        carried.append(outbox_id)
        in_a_thread(lambda: suspend_it(Store.objects.get(pk=life.s.pk)))

    monkeypatch.setattr(jobs, "deliver", slowly)
    (letter,) = worked_off()
    assert "StoreGone" in letter.why
    assert len(carried) == 1
    assert Outbox.objects.filter(store=life.s, carried_by_us=True, next_try_at__isnull=False).count() == 2


def test_dead_letters_are_listed_retried_and_forgotten(
    redis: Redis, signals_as_before: None, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def listed(*arguments: str) -> str:
        out = StringIO()
        call_command("dead_letters", *arguments, stdout=out, stderr=StringIO())
        return out.getvalue()

    def fails(store_id: int) -> None:
        raise StoreGone(f"there is no store {store_id}")

    monkeypatch.setattr(jobs, "work_outbox", fails)
    nudge(WORK, NOBODY)
    (letter,) = worked_off()
    (line,) = listed().splitlines()
    for part in (letter.id, WORK, f"no store {NOBODY}", "StoreGone: there is no store", "UTC"):
        assert part in line
    assert "queued again" in listed("--retry", letter.id)
    assert (listed(), queued()) == ("", [(WORK, (NOBODY,))])
    (again,) = worked_off()
    assert "forgotten" in listed("--forget", again.id)
    assert (listed(), queued()) == ("", [])
    for ask in ("--retry", "--forget"):
        with pytest.raises(CommandError, match="no dead letter"):
            listed(ask, letter.id)


def test_planted_dead_letter_is_listed_and_never_retried(redis: Redis) -> None:
    queue = django_rq.get_queue("default")
    planted = Job.create("os.system", args=("true",), connection=redis, serializer=queue.serializer)
    broken = Job.create("os.system", connection=redis, serializer=queue.serializer)
    for job in (planted, broken):
        queue.failed_job_registry.add(job, exc_string="Traceback\nPermissionError: no")
    redis.hset(broken.key, "data", b"\xff\x00 no JSON")
    found = {letter.id: letter for letter in dead_letters()}
    assert (found[planted.id].job, found[planted.id].store) == ("os.system", None)
    assert (found[broken.id].job, found[broken.id].store) == ("", None)
    for job in (planted, broken):
        with pytest.raises(NoDeadLetter):
            retry_dead_letter(job.id)
        forget_dead_letter(job.id)
    assert dead_letters() == []


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
