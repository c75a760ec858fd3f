"""suspend, resume, archive, restore: dark at once for everybody, and back as it was."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connections, transaction

from tenants import live
from tenants.actions.archive_store import HostLost, archive_store, restore_store
from tenants.actions.open_store import open_store
from tenants.actions.suspend_store import WrongState, resume_store, suspend_store
from tenants.context import in_store, read_across
from tenants.errors import DomainError, Invalid
from tenants.fleet import ledger, patience
from tenants.fleet.catalogue import differences, facts_of
from tenants.fleet.dark import SchemaMissing, hidden_name
from tenants.fleet.execute import execute
from tenants.fleet.migrate import MIGRATING, MigrationRuns
from tenants.fleet.owner import owner_connection
from tenants.fleet.patience import StoreBusy
from tenants.fleet.template import TEMPLATE, TemplateBehind
from tenants.live import announce
from tenants.models import Domain, Store
from tenants.postgresql.base import Unreachable
from tenants.postgresql.roles import Part, role_name
from tests.cast import NOON, Cast
from tests.scenes import buyer_writes, in_a_thread
from tests.sockets import Socket
from tests.tenants.conftest import AGENCY_HOST, BY, DARK, HOST, LIGHT, Life, checksum, exists, looks_at
from tickets.live import consumers
from tickets.models import Message
from tickets.queries.outbox import stores_with_mail_due

State = Store.State
suspend, resume = partial(suspend_store, reason="unpaid", **BY), partial(resume_store, **BY)
archive, restore = partial(archive_store, **BY), partial(restore_store, **BY)
Verb = Callable[[Store], Store]
AWAY_AND_BACK = pytest.mark.parametrize(("away", "back"), [(suspend, resume), (archive, restore)], ids=["s", "a"])


@AWAY_AND_BACK
def test_dark_at_every_door_and_light_again(life: Life, away: Verb, back: Verb) -> None:
    look = looks_at(life)
    assert look() == LIGHT
    assert away(life.s).state in {State.SUSPENDED, State.ARCHIVED}
    assert look() == DARK
    assert back(life.s).state == State.OPEN
    assert look() == LIGHT


def socket(life: Life, host: str) -> Socket:
    cookie = f"session={life.browser(host).cookies['session'].value}".encode()
    return Socket("/ws/desk/", [(b"host", host.encode()), (b"origin", f"http://{host}".encode()), (b"cookie", cookie)])


@AWAY_AND_BACK
def test_its_sockets_close_and_the_agencys_hear_of_others_only(
    life: Life, monkeypatch: pytest.MonkeyPatch, away: Verb, back: Verb
) -> None:
    monkeypatch.setattr(consumers, "GATE_LASTS", 0.1)
    own, desk = socket(life, HOST), socket(life, AGENCY_HOST)

    live.flush(timeout=5)  # what the stores' own beginning had to tell

    async def scene() -> None:
        for one in (own, desk):
            assert await one.connect()
            assert await one.read() == {"type": "hello", "v": 1}
        await asyncio.to_thread(in_a_thread, partial(away, life.s))
        assert await own.closed_with() == 4401
        await asyncio.sleep(0.3)
        for store in (life.s, life.t):
            await asyncio.to_thread(in_a_thread, partial(announce, store, ticket=1, seq=9))
        assert [hint["store"] for hint in (await desk.read())["tickets"]] == [life.t.pk]
        assert await desk.receive_nothing(0.1)
        await desk.disconnect()

    asyncio.run(scene())


@AWAY_AND_BACK
def test_store_that_was_loaded_before_can_not_be_entered(life: Life, away: Verb, back: Verb) -> None:
    before = Store.objects.get(pk=life.s.pk)
    away(life.s)
    with pytest.raises(Unreachable), in_store(before):
        pytest.fail("entered")
    back(life.s)
    with in_store(before):
        assert Message.objects.exists()


def test_suspended_stores_mail_waits(life: Life) -> None:
    with in_store(life.s):
        buyer_writes(channel="email", customer_email="b@example.com")
    late = NOON + timedelta(days=400)
    assert life.s.pk in stores_with_mail_due(late)
    suspend(life.s)
    assert life.s.pk not in stores_with_mail_due(late)
    assert (life.s.state_by, life.s.failure, life.s.state_since) == ("op@example.com", "unpaid", NOON)
    resume(life.s)
    assert life.s.pk in stores_with_mail_due(late)
    assert life.s.failure == ""


def test_each_verb_wants_its_states(life: Life) -> None:
    def refused(verb: Verb) -> str:
        with pytest.raises(WrongState) as error:
            verb(life.s)
        assert error.value.field == "store"
        return str(error.value.details["state"])

    assert [refused(verb) for verb in (resume, restore)] == [State.OPEN] * 2
    suspend(life.s)
    assert [refused(verb) for verb in (suspend, restore)] == [State.SUSPENDED] * 2
    archive(life.s)
    assert [refused(verb) for verb in (suspend, resume, archive)] == [State.ARCHIVED] * 3


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "a\x00", "x" * 501])
def test_reason_is_one_line(cast: Cast, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        suspend_store(cast.a, reason=reason, **BY)
    assert refused.value.field == "reason"
    assert Store.objects.get(pk=cast.a.pk).state == State.OPEN


# ---------------------------------------------------------------- archived


def as_login(statement: str, role: str | None = None) -> None:
    """As a process signs in, with nothing of ours between it and PostgreSQL."""
    parameters = connections["default"].get_connection_params()
    wanted = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**wanted, autocommit=True) as raw:
        if role:
            raw.execute(f'SET ROLE "{role}"')  # type: ignore[arg-type]
        raw.execute(statement)  # type: ignore[arg-type]


def test_postgresql_itself_keeps_everybody_out(life: Life) -> None:
    schema, hidden = life.s.schema_name, hidden_name(life.s.schema_name)
    as_login(f'SELECT FROM "{schema}".tickets_ticket', schema)
    as_login(f'SELECT FROM "{schema}".tickets_ticket', life.agency.database_role)
    archive(life.s)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="set role"):
        as_login(f'SET ROLE "{schema}"')
    operator = role_name(settings.DATABASES["default"]["USER"], Part.OPERATOR)
    for role in (None, life.agency.database_role, life.t.schema_name, operator):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema"):
            as_login(f'SELECT FROM "{hidden}".tickets_ticket', role)
    as_login(f'SELECT FROM "{life.t.schema_name}".tickets_ticket', life.agency.database_role)


def test_what_comes_back_is_what_went(life: Life) -> None:
    schema, hidden, others = life.s.schema_name, hidden_name(life.s.schema_name), checksum(life.t.schema_name)
    before, path = checksum(schema), life.file().file.path
    with owner_connection() as owner:
        facts = facts_of(owner, [schema])[schema]
    archive(life.s)
    assert (exists(schema), exists(hidden), checksum(hidden)) == (False, True, before)
    restore(life.s)
    assert (exists(schema), exists(hidden), checksum(schema)) == (True, False, before)
    assert (life.file().file.path, checksum(life.t.schema_name)) == (path, others)
    with owner_connection() as owner:
        assert differences(facts, facts_of(owner, [schema])[schema]) == []
    for store in (life.s, life.t):
        store.reader = life.agency.database_role
    assert len(read_across([life.s, life.t], "SELECT {store}, number FROM {schema}.tickets_ticket", [])) == 2


def test_fleet_leaves_it_alone_and_restoring_brings_it_to_head(life: Life) -> None:
    archive(life.s)
    hidden = hidden_name(life.s.schema_name)
    with owner_connection() as owner:
        assert life.s.pk not in {entry.store for entry in ledger.entries(owner)}
        assert life.t.pk in {entry.store for entry in ledger.entries(owner)}
        execute(hidden, [("tickets", "0001_initial")])
        assert ledger.applied_in(owner, [hidden])[hidden] != ledger.applied_in(owner, [TEMPLATE])[TEMPLATE]
        restore(life.s)
        schema = life.s.schema_name
        facts = facts_of(owner, [TEMPLATE, schema, life.t.schema_name])
        assert differences(facts[life.t.schema_name], facts[schema]) == []
        (at,) = [entry.at for entry in ledger.entries(owner) if entry.store == life.s.pk]
        assert at == ledger.head(ledger.loader())


def test_migration_that_fails_leaves_it_archived(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    archive(life.s)
    monkeypatch.setattr("tenants.fleet.dark.template.state", lambda _connection: "tickets.0000_older")
    with pytest.raises(TemplateBehind):
        restore(life.s)
    assert (Store.objects.get(pk=life.s.pk).state, exists(life.s.schema_name)) == (State.ARCHIVED, False)


def test_its_name_and_its_host_stay_its_own(life: Life) -> None:
    archive(life.s)
    for slug, host, field in (("life-s", "", "slug"), ("life-x", HOST, "host")):
        with pytest.raises(Invalid) as refused:
            open_store(
                life.agency, slug=slug, host=host, name="X", marketplace="tmall", time_zone="Asia/Shanghai", now=NOON
            )
        assert refused.value.field == field
    Domain.objects.filter(tenant=life.s).delete()
    with pytest.raises(HostLost):
        restore(life.s)


# ---------------------------------------------------------------- beside work that goes on


def test_archiving_waits_for_whoever_is_writing(life: Life) -> None:
    """What was accepted is kept; what comes later finds nothing."""
    written, archived = threading.Event(), []

    def write() -> None:
        with in_store(life.s), transaction.atomic():
            buyer_writes("late", "CANARY-LATE")
            written.set()
            time.sleep(1.2)  # longer than one try
            archived.append(exists(hidden_name(life.s.schema_name)))

    writer = threading.Thread(target=in_a_thread, args=(write,))
    writer.start()
    assert written.wait(5)
    archive(life.s)
    writer.join()
    assert archived == [False]
    restore(life.s)
    with in_store(life.s):
        assert Message.objects.filter(body="CANARY-LATE").count() == 1


def test_whoever_is_inside_meanwhile_writes_nothing_more(life: Life) -> None:
    before = checksum(life.s.schema_name)
    with in_store(life.s):
        assert Message.objects.exists()
        in_a_thread(partial(archive, Store.objects.get(pk=life.s.pk)))
        with pytest.raises(ProgrammingError, match="does not exist"):
            buyer_writes("too-late")
    assert checksum(hidden_name(life.s.schema_name)) == before


def test_writer_that_does_not_end_wins(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.1,))
    with in_store(life.s), transaction.atomic():
        buyer_writes("long")
        with pytest.raises(StoreBusy):
            in_a_thread(partial(archive, Store.objects.get(pk=life.s.pk)))
    assert Store.objects.get(pk=life.s.pk).state == State.OPEN
    with in_store(life.s):
        assert Message.objects.count() > 2


def kept_away(life: Life, lock: str) -> type[DomainError]:
    with owner_connection() as owner:
        owner.execute(f"SELECT pg_advisory_lock({lock})")  # type: ignore[arg-type]
        with pytest.raises(DomainError) as refused:
            archive(life.s)
    assert Store.objects.get(pk=life.s.pk).state == State.OPEN
    return type(refused.value)


def test_one_at_a_time_and_not_while_the_fleet_migrates(life: Life) -> None:
    assert kept_away(life, f"{patience.OPENING}, {life.s.pk}") is StoreBusy
    assert kept_away(life, f"{MIGRATING}") is MigrationRuns


def test_lost_schema_is_said_and_nothing_changes(life: Life) -> None:
    with owner_connection() as owner:
        owner.execute(f'ALTER SCHEMA "{life.s.schema_name}" RENAME TO lost')  # type: ignore[arg-type]
        try:
            with pytest.raises(SchemaMissing):
                archive(life.s)
        finally:
            owner.execute(f'ALTER SCHEMA lost RENAME TO "{life.s.schema_name}"')  # type: ignore[arg-type]
    assert Store.objects.get(pk=life.s.pk).state == State.OPEN
