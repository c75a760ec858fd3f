"""Handing over: to a colleague, with a note, and with a word to the buyer where silence is charged."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.scenes import buyer_writes
from tickets.actions.assign import AssignedMeanwhile, assign
from tickets.actions.close import close
from tickets.actions.reply import reply_to_ticket
from tickets.actions.transfer import WordToBuyerMissing, needs_a_word, transfer
from tickets.channels import Channel
from tickets.models import Message, Ticket

HTMX = {"HX-Request": "true"}
PATH = "/desk/store-a/1/transfer/"


def hand_over(ticket: Ticket, cast: Cast, **more: Any) -> Ticket:
    asked = {"note": "", "line": "", "client_key": "t-1", "seen_seq": None, "was": None} | more
    return transfer(ticket, to=asked.pop("to", cast.ann), by=cast.bo, now=NOON, **asked)


def said(kind: str) -> list[str]:
    return list(Message.objects.filter(ticket__number__gt=1, kind=kind).values_list("body", flat=True))


def test_colleague_gets_the_ticket_with_a_note(cast: Cast, ticket: Ticket) -> None:
    hand_over(ticket, cast, note="She is angry.", line="One moment, my colleague takes over.")
    ticket.refresh_from_db()
    assert ticket.assignee == cast.ann
    assert (said("note"), said("agent")) == (["She is angry."], ["One moment, my colleague takes over."])


def test_silence_is_refused_where_the_marketplace_charges_it(cast: Cast, ticket: Ticket) -> None:
    assert needs_a_word(ticket)
    with pytest.raises(WordToBuyerMissing) as refused:
        hand_over(ticket, cast, note="n", line="  ")
    assert refused.value.field == "line"
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_silence_is_free_once_the_buyer_has_a_word_or_elsewhere(cast: Cast, ticket: Ticket) -> None:
    reply_to_ticket(ticket, author=cast.bo, body="Hello", client_key="r", seen_seq=None, now=NOON)
    hand_over(ticket, cast, was=cast.bo.pk)
    assert Ticket.objects.get(pk=ticket.pk).assignee == cast.ann
    mail = Ticket.objects.get(pk=buyer_writes("m-9", channel=Channel.EMAIL, customer_id="m@example.com").ticket_number)
    assert not needs_a_word(mail)


def test_same_key_again_changes_nothing(cast: Cast, ticket: Ticket) -> None:
    for _time in range(2):
        hand_over(ticket, cast, note="n", line="l")
    assert (said("note"), said("agent")) == (["n"], ["l"])


def test_somebody_was_quicker(cast: Cast, ticket: Ticket) -> None:
    assign(ticket, to=cast.bo, by=cast.bo, now=NOON)
    with pytest.raises(AssignedMeanwhile):
        hand_over(ticket, cast, was=cast.ann.pk + 1000, line="l")


# ---------------------------------------------------------------- the dialog


@pytest.fixture
def bo(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.bo)


def asked(cast: Cast, **more: str) -> dict[str, str]:
    return {"assignee": str(cast.ann.pk), "client_key": "d-1", "note": "n", "line": "l", "seen_seq": "99"} | more


def test_dialog_says_why_a_word_is_needed(cast: Cast, bo: Client) -> None:
    page = bo.get(PATH + "form/", headers=HTMX).content
    assert b"Tmall counts a silent transfer" in page
    assert b"Ann" in page
    receivers = re.findall(rb'name="assignee" value="(\d+)"', page)
    assert receivers == [str(cast.ann.pk).encode()]  # neither oneself nor anybody from elsewhere


def test_desk_hands_over_and_takes_it_back(cast: Cast, bo: Client) -> None:
    answer = bo.post(PATH, asked(cast, was=""), headers=HTMX)
    assert answer.status_code == 200
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert "Ann" in toast["text"]
    assert toast["undo_fields"] == {"assignee": "", "was": str(cast.ann.pk)}
    with in_store(cast.a):
        assert Ticket.objects.get(pk=1).assignee == cast.ann
    assert bo.post(toast["undo"], toast["undo_fields"], headers=HTMX).status_code == 200
    with in_store(cast.a):
        assert Ticket.objects.get(pk=1).assignee is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"assignee": ""}, "assignee"),
        ({"assignee": "me"}, "assignee"),
        ({"assignee": "999999"}, "assignee"),
        ({"client_key": ""}, "client_key"),
        ({"client_key": "k" * 91}, "client_key"),
        ({"line": ""}, "line"),
        ({"line": "x" * 10_001}, "body"),
        ({"note": "x" * 10_001}, "body"),
        ({"seen_seq": "-1"}, "seen_seq"),
        ({"was": "x"}, "was"),
    ],
)
def test_desk_refuses_and_nothing_has_happened(cast: Cast, bo: Client, body: dict[str, str], field: str) -> None:
    answer = bo.post(PATH, asked(cast, **body), headers=HTMX)
    assert answer.status_code == 400
    assert f'data-field="{field}"'.encode() in answer.content
    with in_store(cast.a):
        assert Ticket.objects.get(pk=1).assignee is None
        assert not Message.objects.filter(kind="agent").exists()


def test_nobody_outside_is_handed_anything(cast: Cast, bo: Client) -> None:
    for person in (cast.cy, cast.di):
        assert bo.post(PATH, asked(cast, assignee=str(person.pk)), headers=HTMX).status_code == 400
    with in_store(cast.a):
        assert not Message.objects.filter(kind="agent").exists()  # the line was undone with the rest


def test_what_was_not_read_is_shown_first(cast: Cast, bo: Client) -> None:
    with in_store(cast.a):
        buyer_writes("late", "Are you there?", customer_id="buyer-1")
    answer = bo.post(PATH, asked(cast, seen_seq="2"), headers=HTMX)
    assert answer.status_code == 409
    assert b"Are you there?" in answer.content
    assert b'data-error="ticket_moved_on"' in answer.content


def test_who_was_quicker_is_named(cast: Cast, bo: Client) -> None:
    with in_store(cast.a):
        assign(Ticket.objects.get(pk=1), to=cast.bo, by=cast.bo, now=NOON)
    answer = bo.post(PATH, asked(cast, was=str(cast.cy.pk)), headers=HTMX)
    assert (answer.status_code, b"Bo" in answer.content) == (409, True)


def test_closed_ticket_is_not_handed_over(cast: Cast, bo: Client) -> None:
    with in_store(cast.a):
        close(Ticket.objects.get(pk=1), by=cast.bo, now=NOON)
    assert bo.post(PATH, asked(cast), headers=HTMX).status_code == 409
    assert b"This ticket is closed" in bo.get(PATH + "form/").content
