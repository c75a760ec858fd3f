"""The fleet: a migration reaches every store once, past whatever fails, and what was changed by hand is named.

Works with real commits on stores of its own, since the owner's connection sees nothing else; the migration is one that
these tests make up, and its tables go with the test database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenants.actions.open_store import open_store
from tenants.context import as_operator, in_store
from tenants.fleet import execute, ledger, migrate, template
from tenants.fleet.migrate import MigrationRuns, migrate_fleet
from tenants.fleet.owner import owner_connection
from tenants.fleet.repair import repair_fleet
from tenants.fleet.verify import verify_fleet
from tenants.models import Agency, SchemaRecord, Store
from tenants.queries import fleet as fleet_queries
from tests.scenes import buyer_writes, drop_forgotten, forget
from tickets.models import Message

MIGRATIONS = Path(__file__).parents[2] / "tickets" / "migrations"
LATEST = max(path.stem for path in MIGRATIONS.glob("0*.py"))
HEAD = f"tickets.{LATEST}"
NEXT = "tickets.0999_mark"
COUNT = 6

PLAIN = f"""
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("tickets", "{LATEST}")]
    operations = [
        migrations.AddField("customer", "mark", models.CharField(max_length=20, db_default="", default="")),
        migrations.AddIndex("customer", models.Index(fields=["mark"], name="customer_mark")),
    ]
"""
_PYTHON = """
        migrations.RunPython(
            lambda apps, editor: apps.get_model("tickets", "Customer").objects.using(editor.connection.alias).update(
                mark="py"
            )
        ),
    ]
"""
WITH_PYTHON = PLAIN.replace("    ]\n", _PYTHON.lstrip("\n"))


@pytest.fixture
def stores(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Store]]:
    """Stores of the test's own, committed, each with a buyer; what is left of them afterwards is nobody's."""
    with django_db_blocker.unblock(), opened(COUNT) as made:
        yield made


@pytest.fixture
def two(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Store]]:
    """As many as it takes to see that one was meant and the other was not."""
    with django_db_blocker.unblock(), opened(2) as made:
        yield made


@contextmanager
def opened(count: int) -> Iterator[list[Store]]:
    """Stores of the agency Fleet."""
    drop_forgotten()
    agency = Agency.objects.create(slug="fleet", name="Fleet")
    made = [
        open_store(
            agency, slug=f"fleet-{n}", name=f"Fleet {n}", marketplace="tmall", time_zone="UTC", now=timezone.now()
        )
        for n in range(count)
    ]
    assert {store.state for store in made} == {Store.State.OPEN}
    for store in made:
        with in_store(store):
            buyer_writes("m-1", at=timezone.now())
    others = Store.objects.exclude(pk__in=[store.pk for store in made])
    before = dict(SchemaRecord.objects.filter(store__in=others).values_list("store_id", "at"))
    assert set(before.values()) == {HEAD}
    try:
        yield made
    finally:
        for store in made:
            forget(store)
        agency.delete()
        drop_forgotten()
        _back_to_head()


def _back_to_head() -> None:
    """Undoes the made-up migration where it came: the other tests' stores, public's list and the template."""
    template.forget()
    with owner_connection() as owner:
        schemas = [name for (name,) in owner.execute("SELECT schema_name FROM tenants_store")]
        for schema in [*schemas, template.TEMPLATE]:
            owner.execute(f'ALTER TABLE "{schema}".tickets_customer DROP COLUMN IF EXISTS mark')
            owner.execute(f"""DELETE FROM "{schema}".django_migrations WHERE name = '0999_mark'""")
        owner.execute("UPDATE tenants_schemarecord SET at = %s, failure = '', failed_at = NULL", [HEAD])
        owner.execute(f"COMMENT ON SCHEMA {template.TEMPLATE} IS '{HEAD}'")


Give = Callable[[str], None]


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Give:
    """give(text): the app `tickets` has this migration too, from now on."""

    def given(text: str) -> None:
        package = tmp_path / "given_migrations"
        package.mkdir()
        for path in MIGRATIONS.glob("0*.py"):
            (package / path.name).write_text(path.read_text())
        (package / "__init__.py").touch()
        (package / "0999_mark.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, "tickets": "given_migrations"}
        template.forget()

    for name in [name for name in sys.modules if name.startswith("given_migrations")]:
        del sys.modules[name]
    return given


def marks(store: Store) -> list[str]:
    with owner_connection() as owner:
        return [mark for (mark,) in owner.execute(f'SELECT mark FROM "{store.schema_name}".tickets_customer')]


def positions() -> dict[str, str]:
    return dict(SchemaRecord.objects.values_list("store__slug", "at"))


def test_nothing_to_do_touches_nothing(two: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "execute", lambda *_a: pytest.fail("asked Django"))
    monkeypatch.setattr(migrate, "_replay", lambda *_a: pytest.fail("touched a store"))
    report = migrate_fleet()
    assert (report.head, report.migrated, report.failures) == (HEAD, 0, {})


def test_migration_reaches_every_store_and_new_ones(stores: list[Store], give: Give) -> None:
    give(PLAIN)
    told: list[migrate.Progress] = []
    report = migrate_fleet(told.append)
    assert (report.head, report.failures) == (NEXT, {})
    assert report.migrated == len(positions()) == told[-1].done == told[-1].total
    assert set(positions().values()) == {NEXT}
    assert [marks(store) for store in stores] == [[""]] * COUNT
    assert verify_fleet().is_good
    new = open_store(
        stores[0].agency, slug="fleet-new", name="New", marketplace="tmall", time_zone="UTC", now=timezone.now()
    )
    stores.append(new)
    assert (new.state, marks(new), positions()["fleet-new"]) == (Store.State.OPEN, [], NEXT)


def test_django_is_asked_once_and_the_rest_is_replayed(
    stores: list[Store], give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(PLAIN)
    asked: list[str] = []

    def by_django(schema: str, nodes: Any) -> list[execute.Step]:
        asked.append(schema)
        return execute.execute(schema, nodes)

    monkeypatch.setattr(template, "execute", by_django)
    monkeypatch.setattr(migrate, "execute", by_django)
    migrate_fleet()
    assert asked == [template.TEMPLATE]


def test_old_code_works_in_both_kinds_of_stores(stores: list[Store], give: Give) -> None:
    """Web and workers of yesterday go on while the fleet is half-way."""
    give(PLAIN)
    with owner_connection() as owner:
        template.bring_to_head(owner, ledger.loader())
    execute.execute(stores[0].schema_name, ledger.targets(ledger.loader()))
    for store in stores[:2]:
        with in_store(store):
            buyer_writes("m-2", customer_id="after", at=timezone.now())
            assert Message.objects.filter(kind="buyer").count() == 2


def test_python_in_a_migration_runs_in_every_store(stores: list[Store], give: Give) -> None:
    give(WITH_PYTHON)
    report = migrate_fleet()
    assert report.failures == {}
    assert [marks(store) for store in stores] == [["py"]] * COUNT


def test_bad_store_is_reported_and_stops_nobody(stores: list[Store], give: Give) -> None:
    bad = stores[2]
    with owner_connection() as owner:
        owner.execute(f'ALTER TABLE "{bad.schema_name}".tickets_customer ADD COLUMN mark text')
    give(PLAIN)
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 of the stores failed.*fleet-2: DuplicateColumn"):
        call_command("fleet", "migrate", stdout=out)
    found = positions()
    assert found.pop("fleet-2") == HEAD
    assert set(found.values()) == {NEXT}
    record = SchemaRecord.objects.get(store=bad)
    assert "already exists" in record.failure
    assert record.failed_at is not None
    out = StringIO()
    call_command("fleet", stdout=out)
    assert "1 behind" in out.getvalue() or "1 failed" in out.getvalue()
    assert "fleet-2" in out.getvalue()
    with owner_connection() as owner:  # somebody puts it right, and the next run goes on with it alone
        owner.execute(f'ALTER TABLE "{bad.schema_name}".tickets_customer DROP COLUMN mark')
    again = migrate_fleet()
    assert (again.migrated, again.failures, positions()["fleet-2"]) == (1, {}, NEXT)
    assert SchemaRecord.objects.get(store=bad).failure == ""


def test_status_names_all_that_are_in_trouble(stores: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """More than fit on a page of the operator's; and what PostgreSQL says is printed as it is."""
    monkeypatch.setattr(fleet_queries, "PAGE", 2)
    with owner_connection() as owner:
        for store in stores[:5]:
            ledger.write_failure(owner, store.pk, f"no [red]such[/] column in {store.slug}")
    out = StringIO()
    call_command("fleet", stdout=out)
    told = out.getvalue()
    assert "5 failed" in told
    assert all(f"no [red]such[/] column in {store.slug}" in told for store in stores[:5])
    assert "fleet-5:" not in told


def test_run_that_was_killed_is_taken_up(stores: list[Store], give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
    give(PLAIN)

    class Killed(BaseException):
        pass

    def kill(progress: migrate.Progress) -> None:
        if progress.done == 3:
            raise Killed

    with pytest.raises(Killed):
        migrate_fleet(kill, at_once=1)
    left = [slug for slug, at in positions().items() if at == HEAD]
    report = migrate_fleet()
    assert report.failures == {}
    assert report.migrated == len(left)
    assert set(positions().values()) == {NEXT}
    assert verify_fleet().is_good


def test_ledger_that_missed_a_migration_is_corrected(stores: list[Store], give: Give) -> None:
    """Django had migrated the schema, and was killed before the ledger heard of it."""
    give(PLAIN)
    execute.execute(stores[0].schema_name, ledger.targets(ledger.loader()))
    assert positions()["fleet-0"] == HEAD
    assert migrate_fleet().failures == {}
    assert set(positions().values()) == {NEXT}


def test_store_of_newer_code_is_left_alone(two: list[Store]) -> None:
    with owner_connection() as owner:
        owner.execute(
            f'INSERT INTO "{two[1].schema_name}".django_migrations (app, name, applied)'
            " VALUES ('tickets', '0009_tomorrow', now())"
        )
        ledger.write(owner, two[1].pk, "tickets.0009_tomorrow")
    report = migrate_fleet()
    assert (report.newer, report.failures) == (["fleet-1"], {})


def test_two_migrations_at_once_are_refused(two: list[Store]) -> None:
    with owner_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate.MIGRATING])
        with pytest.raises(MigrationRuns):
            migrate_fleet()


def test_lock_is_waited_for_and_tried_again(stores: list[Store], give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
    give(PLAIN)
    monkeypatch.setattr(migrate, "LOCK_PATIENCE", "50ms")
    monkeypatch.setattr(migrate, "PAUSES", (0.05, 0.05))
    with owner_connection() as busy:
        busy.execute("BEGIN")
        busy.execute(f'SELECT * FROM "{stores[4].schema_name}".tickets_customer')
        report = migrate_fleet()
        assert list(report.failures) == ["fleet-4"]
        assert "LockNotAvailable" in report.failures["fleet-4"]
    assert migrate_fleet().failures == {}


# ---------------------------------------------------------------- verify and repair


BY_HAND = [
    ("DROP INDEX message_words", "missing index tickets_message.message_words"),
    ("ALTER TABLE tickets_message DROP CONSTRAINT message_seq_once", "constraint tickets_message.message_seq_once"),
    ("ALTER TABLE tickets_customer DROP COLUMN language", "missing column tickets_customer.language"),
    ("DROP TABLE tickets_attachment", "missing table tickets_attachment"),
    ("GRANT SELECT ON tickets_message TO PUBLIC", "privileges on tickets_message differs"),
    ("REVOKE INSERT ON tickets_message FROM {role}", "privileges on tickets_message differs"),
    ("REVOKE USAGE ON SCHEMA {role} FROM {reader}", "schema differs"),
]
NEEDS_A_PERSON = [
    ("ALTER TABLE tickets_customer ADD COLUMN phone text", "extra column tickets_customer.phone"),
    ("CREATE TABLE notes (body text)", "extra table notes"),
    ("ALTER TABLE tickets_ticket ALTER COLUMN subject TYPE text", "column tickets_ticket.subject differs"),
]


def by_hand(store: Store, statement: str) -> None:
    with owner_connection() as owner:
        owner.execute(f'SET search_path = "{store.schema_name}", public')
        owner.execute(statement.format(role=store.schema_name, reader=store.agency.database_role))


@pytest.mark.parametrize(("statement", "told"), [*BY_HAND, *NEEDS_A_PERSON])
def test_change_by_hand_is_named(two: list[Store], statement: str, told: str) -> None:
    by_hand(two[0], statement)
    found = verify_fleet()
    assert list(found.differences) == ["fleet-0"]
    assert told in " | ".join(map(str, found.differences["fleet-0"]))


@pytest.mark.parametrize("statement", [statement for statement, _told in BY_HAND if "COLUMN" not in statement])
def test_what_is_missing_is_put_right(two: list[Store], statement: str) -> None:
    by_hand(two[0], statement)
    repaired = repair_fleet()
    assert (repaired.stores, repaired.failures) == (["fleet-0"], {})
    assert repaired.left.is_good
    with in_store(two[0]):
        buyer_writes("m-9", customer_id="after", at=timezone.now())


@pytest.mark.parametrize("statement", [statement for statement, _told in NEEDS_A_PERSON])
def test_what_may_hold_data_is_left_to_a_person(two: list[Store], statement: str) -> None:
    by_hand(two[0], statement)
    left = repair_fleet().left
    assert list(left.differences) == ["fleet-0"]
    with pytest.raises(CommandError, match="needs a person"):
        call_command("fleet", "repair", stdout=StringIO())


def test_what_can_not_be_put_right_is_told_and_left_as_it_was(two: list[Store]) -> None:
    """Nobody knows what the rows would have had in a column that is gone and may not be empty."""
    by_hand(two[0], "ALTER TABLE tickets_customer DROP COLUMN language")
    by_hand(two[0], "DROP INDEX message_words")
    repaired = repair_fleet()
    assert repaired.stores == []
    assert "NotNullViolation" in repaired.failures["fleet-0"]
    assert len(repaired.left.differences["fleet-0"]) == 2


def test_invalid_index_is_built_anew(two: list[Store]) -> None:
    by_hand(two[0], "DROP INDEX ticket_of_customer")
    with owner_connection() as owner:
        owner.execute(f'SET search_path = "{two[0].schema_name}", public')
        owner.execute("INSERT INTO tickets_customer SELECT 99, channel, 'dup', name, email, language, created_at"
                      " FROM tickets_customer LIMIT 1")  # fmt: skip
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("CREATE UNIQUE INDEX CONCURRENTLY ticket_of_customer ON tickets_customer (name)")
    assert "index" in str(verify_fleet().differences["fleet-0"][0])
    by_hand(two[0], "DROP INDEX ticket_of_customer")
    assert repair_fleet().left.is_good


def test_schema_that_is_gone_and_one_of_nobody_are_named(stores: list[Store]) -> None:
    with owner_connection() as owner:
        owner.execute(f'ALTER SCHEMA "{stores[3].schema_name}" RENAME TO s_nobodys0')
        try:
            found = verify_fleet()
            assert (found.missing, found.strangers) == (["fleet-3"], ["s_nobodys0"])
        finally:
            owner.execute(f'ALTER SCHEMA s_nobodys0 RENAME TO "{stores[3].schema_name}"')


def test_migrate_does_public_and_fleet(stores: list[Store], give: Give) -> None:
    give(PLAIN)
    out = StringIO()
    with as_operator():
        call_command("migrate", "--noinput", stdout=out)
    assert f"brought to {NEXT}" in out.getvalue()
    with owner_connection() as owner:
        owner.execute("DELETE FROM public.django_migrations WHERE name = '0999_mark'")
    with pytest.raises(CommandError, match="fleet migrate"):
        call_command("migrate", "tickets", "0001", stdout=out)
