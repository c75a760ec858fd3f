"""A store leaves as one open file and moves in elsewhere: all of it, and nothing of any other."""

from __future__ import annotations

import json
import resource
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.actions.issue_token import issue_token
from tenants.context import in_store
from tenants.errors import Invalid
from tenants.fleet.archive import moving
from tenants.fleet.archive.bring_in import import_store
from tenants.fleet.archive.export import export_store
from tenants.fleet.archive.format import NothingToExport, NotWritten
from tenants.fleet.archive.left_behind import LeftBehind, left_behind
from tenants.fleet.archive.reading import check_archive
from tenants.fleet.catalogue import Difference, differences, facts_of
from tenants.fleet.execute import execute
from tenants.fleet.ledger import nodes_of
from tenants.fleet.migrate import MIGRATING, MigrationRuns
from tenants.fleet.owner import owner_connection
from tenants.fleet.template import TEMPLATE
from tenants.hosts import place_of
from tenants.models import ApiToken, Membership, SchemaRecord, Store, User
from tests.cast import NOON, SOUTH_HOST, Cast
from tests.scenes import buyer_writes
from tests.tenants.archives import contents, files_of, forged, renamed, rows_of, traces
from tests.tenants.conftest import Scene
from tickets.desk.models import QueueEntry
from tickets.models import Attachment, Event, Message, Ticket
from tickets.models.event import ByTime


@pytest.fixture
def a_zip(committed: Scene, tmp_path: Path) -> Path:
    """Store A, exported."""
    path = tmp_path / "a.zip"
    committed(lambda cast: export_store(cast.a, path, now=NOON))
    return path


def others(cast: Cast) -> list[Any]:
    return [(rows_of(store), files_of(store)) for store in (cast.a, cast.b, cast.c)]


def unlike_template(store: Store) -> list[Difference]:
    """The template belongs to nobody; a store's role and its agency's have their grants in addition."""
    with owner_connection() as owner:
        facts = facts_of(owner, [TEMPLATE, store.schema_name])
    return differences(facts[TEMPLATE], facts[store.schema_name])


def test_store_moves_to_another_agency_row_by_row(committed: Scene, a_zip: Path) -> None:
    def scene(cast: Cast) -> None:
        before = others(cast)
        store = import_store(a_zip, cast.south, slug="moved", now=NOON)
        assert (store.state, store.agency, store.name) == (Store.State.OPEN, cast.south, "Store A")
        assert store.schema_name != cast.a.schema_name
        assert rows_of(store) == renamed(rows_of(cast.a), cast.a, store)
        assert len(rows_of(store)["tickets_message"]) == 3
        assert len(rows_of(store)["desk_queueentry"]) == 1
        assert files_of(store) == files_of(cast.a) != {}
        assert others(cast) == before

    committed(scene)


def replied(cast: Cast, path: str) -> Any:
    """What Cy's program gets when it answers at the agency's host."""
    token, secret = issue_token(cast.cy, name="moved", scope=ApiToken.Scope.WRITE, agency=cast.south)
    client = Client(headers={"host": SOUTH_HOST, "authorization": f"Bearer {secret}"})
    try:
        return client.post(
            path, {"body": "Tomorrow.", "client_key": "k", "seen_seq": 2}, content_type="application/json"
        )
    finally:
        token.delete()


def test_store_works_where_it_came_to(committed: Scene, a_zip: Path) -> None:
    """A buyer writes, an agent replies, a file is read; numbers go on after the highest."""

    def scene(cast: Cast) -> None:
        store = import_store(a_zip, cast.south, slug="moved", now=NOON)
        place = place_of("moved.localhost")
        assert place is not None
        assert place.store_id == store.pk
        with in_store(store):
            last = Message.objects.order_by("-pk")[0].pk
            assert buyer_writes().ticket_number == 2
            assert Attachment.objects.get().file.read().startswith(b"\x89PNG")
        answer = replied(cast, "/api/v1/stores/moved/tickets/2/reply/")
        assert answer.status_code == 201, answer.content
        assert answer.json()["id"] > last
        assert QueueEntry.objects.filter(store=store).count() == 2
        with in_store(cast.a):
            assert Ticket.objects.count() == 1

    committed(scene)


def test_imported_schema_is_the_templates_to_the_last_grant(committed: Scene, a_zip: Path) -> None:
    def scene(cast: Cast) -> None:
        store = import_store(a_zip, cast.south, slug="moved", now=NOON)
        assert unlike_template(store) == unlike_template(cast.a)
        assert SchemaRecord.objects.get(store=store).at == SchemaRecord.objects.get(store=cast.a).at

    committed(scene)


def test_archive_holds_one_store_and_no_secret(committed: Scene, a_zip: Path) -> None:
    inside = contents(a_zip)
    everything = b"\n".join((*map(str.encode, inside), *inside.values()))
    assert b"CANARY-A" in everything
    assert b"CANARY-NOTE" in everything
    for secret in (b"CANARY-B", b"CANARY-C", b"store-b", b"password", b"md5$", b"cy@example.com", b"op@example.com"):
        assert secret not in everything.replace(b"There is no password", b"")
    assert {name for name in inside if name.startswith("public/")} == {
        f"public/{name}.jsonl"
        for name in (
            "desk_delivery", "desk_outbox", "desk_queueentry", "desk_sopcount", "knowledge_item",
            "knowledge_publication", "knowledge_signoff", "knowledge_storelibrary", "knowledge_use",
            "policies_specialday", "policies_storeterms", "score_happening",
            "tenants_assignment", "tenants_domain", "tenants_store",
        )
    }  # fmt: skip
    assert committed(lambda cast: ApiToken._meta.db_table) not in everything.decode("utf-8", "replace")


def test_manifest_says_what_is_there(committed: Scene, a_zip: Path) -> None:
    manifest = check_archive(a_zip)
    assert (manifest.slug, manifest.agency, manifest.made_at) == ("store-a", "north", "2026-11-20T12:00:00+00:00")
    assert manifest.at.startswith("tickets.")
    assert manifest.files >= 1  # and what tests that were rolled back have left in the folder
    people = [json.loads(line) for line in contents(a_zip)["people.jsonl"].splitlines()]
    assert [(person["email"], person["is_needed"]) for person in people] == [
        ("ann@example.com", True),
        ("bo@example.com", False),
        ("di@example.com", False),
    ]


def test_people_who_are_not_known_here_are_made_without_a_way_in(committed: Scene, a_zip: Path) -> None:
    people = contents(a_zip)["people.jsonl"].replace(b"ann@example.com", b"Eve@Elsewhere.example")
    forged(a_zip, a_zip, {"people.jsonl": people.replace(b'"Ann"', b'"Eve"')})

    def scene(cast: Cast) -> None:
        store = import_store(a_zip, cast.south, slug="moved", now=NOON)
        eve = User.objects.get(email="eve@elsewhere.example")
        assert (eve.name, eve.is_active, eve.has_usable_password()) == ("Eve", False, False)
        assert not Membership.objects.filter(user=eve).exists()
        assert not store.assignments.exists()
        assert User.people.filter(email__in=["bo@example.com", "di@example.com"]).count() == 2
        with in_store(store):
            assert Message.objects.get(kind="note").author_id == eve.pk
        again = import_store(a_zip, cast.north, slug="moved-2", now=NOON)  # now she is known
        with in_store(again):
            assert Message.objects.get(kind="note").author_id == eve.pk

    committed(scene)


def test_a_history_names_the_same_people_elsewhere(committed: Scene, tmp_path: Path) -> None:
    """Numbers of people in an event's JSON are not whoever has them here; whom nobody knows is nobody."""
    path = tmp_path / "a.zip"

    def given(cast: Cast) -> int:
        with in_store(cast.a):
            ticket = Ticket.objects.get()
            moved: list[tuple[dict[str, Any], dict[str, Any], str]]
            moved = [({"assignee": None}, {"assignee": cast.bo.pk, "why": "last"}, Event.Kind.ASSIGNED)]
            moved += [({"priority": 3}, {"to": cast.bo.pk, "priority": 1}, ByTime.ESCALATED)]
            moved += [({"assignee": 10**9}, {"assignee": cast.bo.pk}, Event.Kind.TAKEN_BACK)]
            for before, after, kind in moved:
                Event.objects.create(ticket=ticket, kind=kind, before=before, after=after, at=NOON)
        export_store(cast.a, path, now=NOON)
        with in_store(cast.a):
            Event.objects.filter(kind__in=[kind for _before, _after, kind in moved]).delete()
        return cast.bo.pk

    bo = committed(given)
    people = contents(path)["people.jsonl"]
    assert json.loads(people.splitlines()[1]) == {"id": bo, "email": "bo@example.com", "name": "Bo", "is_needed": True}
    forged(path, path, {"people.jsonl": people.replace(b"bo@example.com", b"kit@elsewhere.example")})

    def scene(cast: Cast) -> None:
        store = import_store(path, cast.south, slug="moved", now=NOON)
        kit = User.objects.get(email="kit@elsewhere.example").pk
        with in_store(store):
            rows = list(Event.objects.order_by("-pk").values_list("before", "after")[:3])
        assert rows == [
            ({"assignee": -1}, {"assignee": kit}),
            ({"priority": 3}, {"to": kit, "priority": 1}),
            ({"assignee": None}, {"assignee": kit, "why": "last"}),
        ]

    committed(scene)


def test_what_stays_behind_is_listed(committed: Scene, a_zip: Path) -> None:
    assert left_behind(a_zip) == LeftBehind(
        ("store-a.localhost",), ("bo@example.com (agent)", "di@example.com (seller)")
    )


def test_archive_of_yesterdays_tables_is_migrated(committed: Scene, tmp_path: Path) -> None:
    """The store's schema is put back to its first migration, exported, and imported by today's code."""
    path = tmp_path / "old.zip"

    def scene(cast: Cast) -> None:
        export_store(cast.a, path, now=NOON)
        first = import_store(path, cast.north, slug="old", now=NOON)
        execute(first.schema_name, nodes_of("tickets.0001_initial"))
        assert export_store(first, path, now=NOON).at == "tickets.0001_initial"
        store = import_store(path, cast.south, slug="moved", now=NOON)
        assert rows_of(store) == renamed(rows_of(cast.a), cast.a, store)
        assert store.state == Store.State.OPEN
        assert unlike_template(store) == unlike_template(cast.a)

    committed(scene)


@pytest.mark.parametrize("step", ["rows", "last"])
@pytest.mark.parametrize("at", ["head", "tickets.0001_initial"])
def test_import_that_fails_leaves_nothing(
    committed: Scene, a_zip: Path, monkeypatch: pytest.MonkeyPatch, step: str, at: str
) -> None:
    """When the database has gone away in the middle, and when somebody presses Ctrl-C in the very last step."""

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    def scene(cast: Cast) -> None:
        if at != "head":
            first = import_store(a_zip, cast.north, slug="old", now=NOON)
            execute(first.schema_name, nodes_of(at))
            export_store(first, a_zip, now=NOON)
        people = contents(a_zip)["people.jsonl"].replace(b"ann@example.com", b"eve@elsewhere.example")
        forged(a_zip, a_zip, {"people.jsonl": people})
        before, rows = traces(), others(cast)
        if step == "rows":
            monkeypatch.setattr(moving.Moving, "_files", killed)
        else:
            monkeypatch.setattr(moving.ledger, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            import_store(a_zip, cast.south, slug="moved", now=NOON)
        assert traces() == before
        assert others(cast) == rows

    committed(scene)


def test_fleet_is_not_migrated_while_an_older_store_moves_in(committed: Scene, a_zip: Path) -> None:
    forged(a_zip, a_zip, {}, lambda manifest: manifest.update(at="tickets.0001_initial"))

    def scene(cast: Cast) -> None:
        before = traces()
        with owner_connection() as owner:
            owner.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
            with pytest.raises(MigrationRuns):
                import_store(a_zip, cast.south, slug="moved", now=NOON)
        assert traces() == before

    committed(scene)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"slug": "store-b"}, "slug"),
        ({"slug": "Moved"}, "slug"),
        ({"slug": "north"}, "slug"),
        ({"slug": "admin"}, "slug"),
        ({"slug": "moved", "host": "store-b.localhost"}, "host"),
        ({"slug": "moved", "host": "a b"}, "host"),
    ],
)
def test_slug_and_host_follow_the_rules_of_opening(
    committed: Scene, a_zip: Path, wish: dict[str, str], field: str
) -> None:
    def scene(cast: Cast) -> None:
        before = traces()
        with pytest.raises(Invalid) as refused:
            import_store(a_zip, cast.south, now=NOON, **wish)
        assert refused.value.field == field
        assert traces() == before

    committed(scene)


def test_export_into_a_folder_that_is_not_there(committed: Scene, tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="No such file or directory"):
        committed(lambda cast: export_store(cast.a, tmp_path / "gone" / "a.zip", now=NOON))


def test_export_that_fills_the_disk_leaves_what_was_there(committed: Scene, a_zip: Path) -> None:
    before = a_zip.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(NotWritten):
            committed(lambda cast: export_store(cast.a, a_zip, now=NOON))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert a_zip.read_bytes() == before
    assert [path.name for path in a_zip.parent.iterdir()] == ["a.zip"]


def test_export_is_one_moment(committed: Scene, tmp_path: Path) -> None:
    """A buyer writes while tables are being read: none of it is in the archive."""

    def scene(cast: Cast) -> None:
        export_store(cast.a, tmp_path / "first.zip", now=NOON)
        store = import_store(tmp_path / "first.zip", cast.south, slug="moved", now=NOON)
        wrote: list[int] = []

        def told(_done: int, _total: int) -> None:
            if not wrote:
                with in_store(store):
                    wrote.append(buyer_writes(at=NOON + timedelta(minutes=1)).ticket_number)

        export_store(store, tmp_path / "second.zip", now=NOON, told=told)
        first, second = contents(tmp_path / "first.zip"), contents(tmp_path / "second.zip")
        assert wrote == [2]
        for name in ("tables/tickets_ticket.jsonl", "tables/tickets_message.jsonl", "tables/tickets_event.jsonl"):
            assert second[name] == first[name]

    committed(scene)


def test_store_without_tables_is_not_exported(committed: Scene, tmp_path: Path) -> None:
    def scene(cast: Cast) -> None:
        cast.a.state = Store.State.FAILED
        with pytest.raises(NothingToExport):
            export_store(cast.a, tmp_path / "a.zip", now=NOON)

    committed(scene)
    assert list(tmp_path.iterdir()) == []


def test_commands(committed: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.zip")

    def scene(_cast: Cast) -> None:
        call_command("export_store", "store-a", path)
        call_command("import_store", path, agency="south", slug="moved")
        with pytest.raises(CommandError, match="slug: A store with this short name exists"):
            call_command("import_store", path, agency="south", slug="moved")
        with pytest.raises(CommandError, match="there is no agency"):
            call_command("import_store", path, agency="west", slug="moved")
        with pytest.raises(CommandError, match=r"archive: gone.zip: No such file"):
            call_command("import_store", "gone.zip", agency="south", slug="moved-2")

    committed(scene)
    said = capsys.readouterr().out
    assert " files, " in said
    assert "Store A is open: http://moved.localhost" in said
    assert "bo@example.com (agent)" in said
