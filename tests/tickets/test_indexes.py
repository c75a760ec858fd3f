"""Indexes of what is written with each message: none that another begins with, and none that each word adds to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg import sql

from tenants.context import ask
from tenants.fleet.owner import owner_connection
from tenants.models import Store, User
from tests.cast import Cast
from tests.scenes import NOON, buyer_writes
from tickets.actions.reply import reply_to_ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

# Whole B-trees that others of the same table begin with. A unique one is there for its rule.
TWICE = """
SELECT tree.relname FROM pg_index one JOIN pg_index other
  ON other.indrelid = one.indrelid AND other.indexrelid <> one.indexrelid
JOIN pg_class found ON found.oid = one.indrelid JOIN pg_class tree ON tree.oid = one.indexrelid
JOIN pg_am kind ON kind.oid = tree.relam AND kind.amname = 'btree'
WHERE (found.relname LIKE 'tickets\\_%' OR found.relname IN ('desk_queueentry', 'desk_delivery', 'desk_outbox'))
  AND NOT one.indisunique AND one.indpred IS NULL AND other.indpred IS NULL AND one.indexprs IS NULL
  AND other.indkey::text LIKE one.indkey::text || ' %'
"""
UPDATES = """
SELECT pg_stat_get_xact_tuples_updated('tickets_ticket'::regclass),
       pg_stat_get_xact_tuples_hot_updated('tickets_ticket'::regclass)
"""


def test_no_index_is_the_beginning_of_another(real_store: Store) -> None:
    table = sql.Identifier(real_store.schema_name, "tickets_event")
    with owner_connection() as owner:
        assert owner.execute(TWICE).fetchall() == []
        with owner.transaction(force_rollback=True):
            owner.execute(sql.SQL("CREATE INDEX twice ON {} (ticket_id)").format(table))
            assert owner.execute(TWICE).fetchall() == [("twice",)]


def answer(ticket: Ticket, by: User, *, minute: int) -> None:
    at = NOON + timedelta(minutes=minute)
    reply_to_ticket(ticket, author=by, body="今天发", client_key=f"k-{minute}", seen_seq=None, now=at)


def test_words_of_a_chat_add_to_no_index_of_its_ticket(cast: Cast, store_a: Store) -> None:
    ticket = Ticket.objects.get(pk=buyer_writes("x-1").ticket_number)
    answer(ticket, cast.bo, minute=1)
    [(before, before_hot)] = ask(UPDATES)
    for minute in range(2, 6, 2):
        buyer_writes(f"x-{minute}", at=NOON + timedelta(minutes=minute))
        ticket.refresh_from_db()
        answer(ticket, cast.bo, minute=minute + 1)
    [(after, after_hot)] = ask(UPDATES)
    assert (after - before, after_hot - before_hot) == (4, 4)
