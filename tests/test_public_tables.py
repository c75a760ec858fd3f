"""Nothing a buyer wrote leaves the store's schema: public tables hold ids, states, times, counts."""

from __future__ import annotations

from typing import LiteralString

import pytest
from django.db import IntegrityError, connection, transaction

from tests.cast import NOON, Cast
from tests.conftest import Api, SignIn
from tests.scenes import buyer_writes, left
from tickets.desk.models import Delivery, Outbox, QueueEntry

COLUMNS: LiteralString = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')
"""


def public_columns() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return list(cursor.fetchall())


def holding(mark: str) -> list[str]:
    """The public columns in which some row bears the mark."""
    found = []
    with connection.cursor() as cursor:
        for table, column in public_columns():
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{mark}%"])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found


def test_there_are_columns_to_look_at(db: None) -> None:
    assert ("desk_queueentry", "state") in public_columns()
    assert ("tenants_store", "name") in public_columns()


def test_no_public_table_bears_what_a_buyer_wrote(cast: Cast) -> None:
    assert holding("CANARY") == []
    assert holding("same@example.com") == []


def test_guard_sees_a_leak(cast: Cast) -> None:
    QueueEntry.objects.filter(store=cast.a).update(category="CANARY-A")
    assert holding("CANARY") == ["desk_queueentry.category"]


def test_neither_after_a_days_work(cast: Cast, api: Api, sign_in: SignIn) -> None:
    desk, erp = sign_in(cast.ann), api(cast.ann, agency=cast.north)
    url, rest = "/desk/store-a/1/", "/api/v1/stores/store-a/"
    desk.post(url + "reply/", {"body": "CANARY-REPLY", "client_key": "k-1", "seen_seq": "99"})
    desk.post(url + "note/", {"body": "CANARY-NOTE", "client_key": "k-2"})
    desk.get("/desk/queue/", {"q": "CANARY-SEARCH"})
    erp.post(
        rest + "messages/",
        {
            "external_id": "m-77",
            "customer": {"id": "CANARY-ID", "name": "CANARY-NAME", "email": "canary@example.com"},
            "text": "CANARY-TEXT",
            "subject": "CANARY-SUBJECT",
        },
        content_type="application/json",
    )
    erp.post(rest + "messages/2/delivery/", {"state": "failed", "error": "CANARY"}, content_type="application/json")
    desk.post(url + "close/", {"seen_seq": "99"})
    assert holding("CANARY") == []
    assert holding("canary@") == []


@pytest.mark.parametrize("model", [QueueEntry, Delivery, Outbox])
def test_desk_index_has_no_room_for_text(model: type[QueueEntry | Delivery | Outbox]) -> None:
    """The one free word is the channel's own id of a message, which a repeat is recognised by; why something is due is
    a rule's key, to which the database holds it."""
    words = {f.name for f in model._meta.get_fields() if f.get_internal_type() in {"TextField", "JSONField"}}
    assert words == set()
    short = {f.name: f.max_length for f in model._meta.fields if f.get_internal_type() == "CharField"}
    assert {name for name, length in short.items() if length > 20} <= {"external_id", "due_why"}


def test_external_ids_are_kept_as_they_came(cast: Cast, store_a: object) -> None:
    buyer_writes("im/7:8", at=NOON)
    with left():
        assert Delivery.objects.filter(store=cast.a, external_id="im/7:8").exists()


def test_why_something_is_due_is_a_key_and_no_word(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="queue_why_is_a_key"), transaction.atomic():
        QueueEntry.objects.filter(store=cast.a).update(due_why="goal: where is my parcel?")
