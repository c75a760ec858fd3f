"""delete_store: for good, certified, and without anybody else noticing; and `manage.py store`, which asks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from tenants.actions import delete_store as verb
from tenants.actions.archive_store import archive_store, restore_store
from tenants.actions.delete_store import GraceNotOver, delete_store
from tenants.actions.suspend_store import WrongState, suspend_store
from tenants.context import in_store
from tenants.errors import Invalid, NotFound
from tenants.fleet import demolish
from tenants.fleet.dark import hidden_name
from tenants.fleet.owner import owner_connection
from tenants.hosts import place_of
from tenants.models import DeletionCertificate, Store, User
from tenants.models.certificate import digest
from tests.cast import NOON, PNG, Cast
from tests.scenes import buyer_writes, in_a_thread
from tests.servers import DATABASE_URL
from tests.tenants.conftest import (
    AGENCY_HOST,
    BY,
    HOST,
    Life,
    checksum,
    exists,
    folder,
    opened,
    public_counts,
)
from tickets.models import Customer, Ticket

State = Store.State
LATER: dict[str, Any] = {"by": "op@example.com", "now": NOON + timedelta(days=settings.STORE_GRACE_DAYS)}


@pytest.fixture
def archived(life: Life) -> Life:
    """S is archived, with a letter that was never carried."""
    with in_store(life.s):
        buyer_writes(channel="email", customer_email="b@example.com")
    archive_store(life.s, **BY)
    return life


def has_role(role: str) -> bool:
    with owner_connection() as owner:
        return owner.execute("SELECT to_regrole(%s)", [f'"{role}"']).fetchone() != (None,)


def test_only_what_is_archived_long_enough_goes(life: Life) -> None:
    with pytest.raises(WrongState):
        delete_store(life.s, **LATER)
    suspend_store(life.s, reason="unpaid", **BY)
    with pytest.raises(WrongState):
        delete_store(life.s, **LATER, by_order="the court's")
    archive_store(life.s, **BY)
    before = checksum(hidden_name(life.s.schema_name))
    with pytest.raises(GraceNotOver) as refused:
        delete_store(life.s, by="op", now=LATER["now"] - timedelta(seconds=1))
    assert refused.value.details == {"deletable_from": LATER["now"].isoformat()}
    with pytest.raises(Invalid) as refused_order:
        delete_store(life.s, **BY, by_order=" ")
    assert refused_order.value.field == "reason"
    assert checksum(hidden_name(life.s.schema_name)) == before
    assert restore_store(life.s, **BY).state == State.OPEN


def test_nothing_of_it_stays_and_nobody_else_is_touched(life: Life) -> None:
    store, other, rows = life.s, checksum(life.t.schema_name), public_counts()
    assert folder(store.schema_name).exists()
    third = opened(life.agency, "life-z")
    with in_store(third):
        buyer_writes(channel="email", customer_email="b@example.com")
    archive_store(third, **BY)
    delete_store(third, **LATER)
    assert public_counts() == rows | {"tenants_deletioncertificate": 1}
    archive_store(store, **BY)
    delete_store(store, **LATER)
    for schema in (store.schema_name, hidden_name(store.schema_name)):
        assert not exists(schema)
    assert not has_role(store.schema_name)
    assert not folder(store.schema_name).exists()
    assert not Store.objects.filter(pk=store.pk).exists()
    assert place_of(HOST) is None
    assert checksum(life.t.schema_name) == other
    assert folder(life.t.schema_name).exists()
    with pytest.raises(NotFound):
        delete_store(store, **LATER)


def test_certificate_says_what_was_there_and_can_be_verified(archived: Life) -> None:
    store = archived.s
    certificate = delete_store(store, **LATER, reason="the contract ended")
    counts = certificate.counts
    assert (counts["tables"]["tickets_ticket"], counts["tables"]["tickets_customer"]) == (2, 2)
    assert counts["tables"]["tickets_attachment"] == counts["files"] == 1
    assert counts["bytes"] == len(PNG)
    assert (counts["public"]["desk_queueentry"], counts["public"]["desk_delivery"]) == (2, 2)
    assert counts["public"]["desk_outbox"] == counts["undelivered"] == 2
    assert counts["public"]["tenants_domain"] == 1
    kept = DeletionCertificate.objects.get(pk=certificate.pk)
    document = json.loads(json.dumps(kept.signed()))
    assert document["sha256"] == digest(document) == digest(certificate.document())
    assert document["store"] == {"slug": "life-s", "name": "Store life-s", "schema": store.schema_name}
    assert (document["reason"], document["by_order"], document["deleted_by"]) == (
        "the contract ended",
        False,
        "op@example.com",
    )
    assert (document["archived_at"], document["deleted_at"]) == (NOON.isoformat(), LATER["now"].isoformat())
    assert "CANARY" not in json.dumps(document)
    document["counts"]["bytes"] += 1
    assert document["sha256"] != digest(document)


def test_order_needs_no_grace(archived: Life) -> None:
    certificate = delete_store(archived.s, **BY, by_order="Court of Hangzhou, 2026-17")
    assert (certificate.by_order, certificate.reason) == (True, "Court of Hangzhou, 2026-17")


# ---------------------------------------------------------------- interrupted


def killed(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def after(pieces: int, real: Callable[..., Any]) -> Callable[..., Any]:
    left = [pieces]

    def piece(*args: Any) -> Any:
        left[0] -= 1
        return real(*args) if left[0] >= 0 else killed()

    return piece


@pytest.mark.parametrize("step", [0, 4, 8, "remove_files", "remove_rows", "_finish"])
def test_deletion_that_was_killed_is_taken_up(archived: Life, monkeypatch: pytest.MonkeyPatch, step: int | str) -> None:
    store = archived.s
    with owner_connection() as owner:
        counts = demolish.counts_of(owner, store)
    with monkeypatch.context() as patched:
        if isinstance(step, int):
            patched.setattr(demolish, "drop_piece", after(step, demolish.drop_piece))
        else:
            patched.setattr(verb, step, killed)
        with pytest.raises(KeyboardInterrupt):
            delete_store(store, **LATER, reason="first")
    assert Store.objects.get(pk=store.pk).state == State.DELETING
    assert DeletionCertificate.objects.get(slug="life-s").deleted_at is None
    for impossible in (restore_store, archive_store):
        with pytest.raises(WrongState):
            impossible(store, **BY)
    certificate = delete_store(store, by="somebody@example.com", now=LATER["now"] + timedelta(days=1))
    assert (certificate.counts, certificate.reason, certificate.deleted_by) == (counts, "first", "op@example.com")
    assert certificate.sha256 == digest(certificate.document())
    assert not exists(hidden_name(store.schema_name))
    assert not has_role(store.schema_name)
    assert not folder(store.schema_name).exists()
    assert not Store.objects.filter(pk=store.pk).exists()


def test_deletion_whose_process_is_killed_is_taken_up_by_the_command(archived: Life, tmp_path: Path) -> None:
    """kill -9 of a real process that stands before people whom somebody else reads."""
    store, name = archived.s, connections["owner"].settings_dict["NAME"]
    address = urlsplit(DATABASE_URL)._replace(path=f"/{name}").geturl()
    certificate = tmp_path / "certificate.json"
    command = [sys.executable, "manage.py", "store", "delete", "life-s", "--yes", "--now-by-order", "a test"]
    command += ["--certificate", str(certificate)]
    environment = {**os.environ, "DATABASE_URL": address}
    with owner_connection() as owner, owner.transaction():
        owner.execute("SELECT count(*) FROM tenants_user")
        process = subprocess.Popen(command, env=environment)
        while process.poll() is None and Store.objects.get(pk=store.pk).state != State.DELETING:
            time.sleep(0.02)
        time.sleep(0.2)
        assert process.poll() is None
        process.kill()
        process.wait()
    assert exists(hidden_name(store.schema_name))
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    document = json.loads(certificate.read_text())
    assert document["sha256"] == digest(document)
    assert document["counts"]["tables"]["tickets_ticket"] == 2
    assert not exists(hidden_name(store.schema_name))
    assert not Store.objects.filter(pk=store.pk).exists()


# ---------------------------------------------------------------- the same name again


def test_same_slug_opened_again_is_another_store(archived: Life) -> None:
    """SECURITY.md T12: nothing of the old one leads into the new one, or out of it."""
    old, program, desk = archived.s, archived.program(store=archived.s), archived.browser()
    restore_store(old, **BY)
    file = f"/files/life-s/{archived.file().pk}/"
    api = "/api/v1/stores/life-s/tickets/1/"
    assert (program.get(api).status_code, desk.get(file).status_code) == (200, 200)
    archive_store(old, **BY)
    delete_store(old, **LATER)
    new = opened(archived.agency, "life-s")
    assert (new.pk == old.pk, new.schema_name == old.schema_name) == (False, False)
    with in_store(new):
        assert (Ticket.objects.count(), Customer.objects.count()) == (0, 0)
    assert program.get(api).status_code == 401
    assert desk.get(file).status_code == 404
    assert desk.get("/desk/life-s/1/").status_code == 404
    place = place_of(HOST)
    assert place is not None
    assert place.store_id == new.pk
    assert Client(headers={"host": HOST}).get("/").status_code == 302


# ---------------------------------------------------------------- beside work that goes on


def test_nobody_who_signs_in_waits_for_it(archived: Life) -> None:
    """Somebody's long transaction has read the people; the ties to them can't be cut, and everybody else goes on."""
    hold, done = threading.Event(), threading.Event()

    def read_long() -> None:
        with owner_connection() as owner, owner.transaction():
            owner.execute("SELECT count(*) FROM tenants_user")
            hold.set()
            time.sleep(2.0)

    def delete() -> None:
        delete_store(archived.s, **LATER)
        done.set()

    threads = [threading.Thread(target=read_long)]
    threads[0].start()
    assert hold.wait(5)
    threads.append(threading.Thread(target=in_a_thread, args=(delete,)))
    threads[1].start()
    slowest = 0.0
    while not done.is_set():
        began = time.monotonic()
        assert User.objects.filter(email="lea@example.com").exists()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    assert slowest < 1.2
    assert not Store.objects.filter(pk=archived.s.pk).exists()


# ---------------------------------------------------------------- manage.py store


def manage(*arguments: str) -> str:
    out = StringIO()
    call_command("store", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_command_leads_through_a_whole_life(life: Life, tmp_path: Path) -> None:
    assert "resume" in manage("suspend", "life-s", "--reason", "unpaid", "--by", "op")
    assert "open" in manage("resume", "life-s")
    assert "restore" in manage("archive", "life-s", "--yes")
    assert "open" in manage("restore", "life-s")
    manage("archive", "life-s", "--yes")
    with pytest.raises(CommandError, match="not be deleted before"):
        manage("delete", "life-s", "--yes")
    file = tmp_path / "new" / "c.json"
    printed = manage("delete", "life-s", "--yes", "--now-by-order", "法院", "--certificate", str(file))
    document = json.loads(printed)
    assert document == json.loads(file.read_text()) == json.loads(manage("certificate", "life-s"))
    assert document["sha256"] == digest(document)
    assert document["reason"] == "法院"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["suspend", "nobody", "--reason", "x"], "there is no store “nobody”"),
        (["suspend", "store-a"], "--reason"),
        (["suspend", "store-a", "--reason", ""], "reason: "),
        (["resume", "store-a"], "store: "),
        (["archive", "store-a"], "--yes"),
        (["delete", "store-a"], "--yes"),
        (["delete", "store-a", "--yes"], "store: "),
        (["certificate", "store-a"], "ever deleted"),
    ],
)
def test_command_says_in_one_line_why_not(cast: Cast, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        manage(*arguments)
    assert "\n" not in str(refused.value)
    assert Store.objects.get(pk=cast.a.pk).state == State.OPEN


@pytest.mark.parametrize(("typed", "state"), [("life-s", State.ARCHIVED), ("yes", State.OPEN)])
def test_command_asks_once_on_a_terminal(life: Life, monkeypatch: pytest.MonkeyPatch, typed: str, state: str) -> None:
    asked = []
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)}))
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or typed)  # type: ignore[func-returns-value]
    if state == State.OPEN:
        with pytest.raises(CommandError, match="nothing was done"):
            manage("archive", "life-s")
    else:
        manage("archive", "life-s")
    assert len(asked) == 1
    assert "restore" in asked[0]
    assert Store.objects.get(pk=life.s.pk).state == state


def test_who_looks_at_the_operators_list_sees_why(life: Life) -> None:
    suspend_store(life.s, reason="unpaid since May", **BY)
    operator = User.objects.get(name="Op")
    life.lea = operator
    assert "unpaid since May" in life.browser("localhost").get("/").text
    assert AGENCY_HOST not in life.s.failure
