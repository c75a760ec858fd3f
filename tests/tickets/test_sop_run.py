"""An SOP on a ticket, from its beginning to its end: what goes on, what is refused, what is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from knowledge.models import Item, Use
from tenants.errors import Invalid, NotFound
from tenants.models import Store
from tests.cast import NOON, PNG, Cast
from tests.scenes import buyer_writes, kinds_of, left, waiting_ticket
from tests.sops import REFUND, held_by, make_sop, publish_in
from tickets.actions.close import close
from tickets.actions.do_step import NothingSaid, StepWaits, do_step
from tickets.actions.reply import TicketIsClosed, reply_to_ticket
from tickets.actions.skip_step import skip_step
from tickets.actions.sop_way import RunMovedOn
from tickets.actions.start_sop import AnotherSopRuns, start_sop
from tickets.actions.stop_sop import stop_sop
from tickets.desk.models import SopCount
from tickets.incoming import Upload
from tickets.models import Attachment, Message, SopRun, SopStepDone, Ticket
from tickets.models.sop_run import NeverDeleted


@pytest.fixture
def item(cast: Cast) -> Item:
    made = make_sop(cast, categories=("refund",))
    publish_in(cast, made)
    return made


Begin = Callable[..., SopRun]


@pytest.fixture
def begin(cast: Cast, item: Item, store_a: Store) -> Begin:
    def begun(ticket: Ticket, which: Item = item) -> SopRun:
        with left():
            held = held_by(cast, which)
        return start_sop(ticket, held, by=cast.bo, now=NOON)

    return begun


def counts(cast: Cast) -> dict[str, int]:
    with left():
        rows = SopCount.objects.filter(store=cast.a).values_list("step", "what", "count")
        return {f"{step}:{what}": count for step, what, count in rows}


def answer(cast: Cast, ticket: Ticket, key: str = "a-1", text: str = "您好") -> None:
    reply_to_ticket(ticket, author=cast.bo, body=text, client_key=key, seen_seq=None, now=NOON)


def behind(run: SopRun) -> list[tuple[str, str]]:
    return list(run.steps.order_by("place").values_list("step", "outcome"))


def test_a_run_goes_its_way_to_the_end(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    assert (run.step, run.state, run.version) == ("soothe", "running", 1)
    assert run.content["title"]["zh"] == "退款流程"
    with pytest.raises(NothingSaid):
        do_step(ticket, run.pk, "soothe", by=cast.bo, now=NOON)
    answer(cast, ticket)
    run = do_step(ticket, run.pk, "soothe", by=cast.bo, now=NOON)
    assert run.step == "choose"
    run = do_step(ticket, run.pk, "choose", edge=0, evidence={"sum": "12.5"}, by=cast.bo, now=NOON)
    assert run.step == "wait"  # the check decided by itself: there is no picture
    with pytest.raises(StepWaits):
        do_step(ticket, run.pk, "wait", by=cast.bo, now=NOON + timedelta(hours=23))
    later = NOON + timedelta(hours=24)
    run = do_step(ticket, run.pk, "wait", by=cast.bo, now=later)
    pictures = {"shot": [Upload("shot.png", PNG)]}
    run = do_step(ticket, run.pk, "pay", evidence={"sure": "1"}, uploads=pictures, by=cast.bo, now=later)
    assert (run.state, run.step, run.ended_by_id) == ("finished", "", cast.bo.pk)
    assert behind(run) == [
        ("soothe", "done"),
        ("choose", "done"),
        ("shown", "decided"),
        ("wait", "done"),
        ("pay", "done"),
    ]
    lines = {line.step: line for line in run.steps.all()}
    assert (lines["choose"].edge, lines["choose"].evidence) == (0, {"sum": 12.5})
    assert lines["shown"].evidence == {"facts": {"has_picture": False}}
    assert lines["soothe"].evidence == {"message": 3}
    note = Message.objects.get(ticket=ticket, kind="note")
    assert lines["pay"].evidence == {"shot": str(Attachment.objects.get(message=note).pk), "sure": True}
    assert kinds_of(ticket)[-5:] == ["sop.decided", "sop.step", "message.noted", "sop.step", "sop.finished"]
    assert counts(cast) == {
        ":started": 1,
        ":finished": 1,
        "soothe:done": 1,
        "choose:done": 1,
        "shown:decided": 1,
        "wait:done": 1,
        "pay:done": 1,
    }
    with left():
        assert Use.objects.get().ticket_number == ticket.number


def test_a_picture_of_the_buyer_leads_another_way(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket(uploads=(Upload("x.png", PNG),))
    run = begin(ticket)
    answer(cast, ticket)
    do_step(ticket, run.pk, "soothe", by=cast.bo, now=NOON)
    run = do_step(ticket, run.pk, "choose", edge=0, evidence={"sum": "1"}, by=cast.bo, now=NOON)
    assert run.step == "pay"
    shot = str(Attachment.objects.get(message__ticket=ticket).pk)
    run = do_step(ticket, run.pk, "pay", evidence={"shot": shot, "sure": "on"}, by=cast.bo, now=NOON)
    assert run.state == "finished"


def test_the_same_twice_has_one_effect(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    first, again = begin(ticket), begin(ticket)
    assert first.pk == again.pk
    answer(cast, ticket)
    for _twice in range(2):
        run = do_step(ticket, first.pk, "soothe", by=cast.bo, now=NOON)
        assert run.step == "choose"
    for _twice in range(2):
        run = skip_step(ticket, first.pk, "choose", reason="知道了", edge=1, by=cast.bo, now=NOON)
    assert run.state == "finished"
    for _twice in range(2):
        with pytest.raises(RunMovedOn):
            do_step(ticket, first.pk, "choose", edge=0, evidence={"sum": "1"}, by=cast.bo, now=NOON)
    with pytest.raises(RunMovedOn):
        stop_sop(ticket, first.pk, reason="x", by=cast.bo, now=NOON)
    assert counts(cast) == {":started": 1, "soothe:done": 1, "choose:skipped": 1, ":finished": 1}


def test_a_colleague_who_was_slower_is_told(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    answer(cast, ticket)
    do_step(ticket, run.pk, "soothe", by=cast.bo, now=NOON)
    do_step(ticket, run.pk, "choose", edge=1, evidence={"sum": "1"}, by=cast.bo, now=NOON)
    with pytest.raises(RunMovedOn) as refused:
        do_step(ticket, run.pk, "choose", edge=0, evidence={"sum": "1"}, by=cast.ann, now=NOON)
    assert refused.value.details == {"step": "", "state": "finished"}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
def test_a_skip_and_a_stop_need_a_reason(cast: Cast, begin: Begin, reason: str) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    for verb in (skip_step, stop_sop):
        args: tuple[Any, ...] = (ticket, run.pk, "soothe") if verb is skip_step else (ticket, run.pk)
        with pytest.raises(Invalid) as refused:
            verb(*args, reason=reason, by=cast.bo, now=NOON)
        assert refused.value.field == "reason"
    assert behind(run) == []
    assert SopRun.objects.get().step == "soothe"


def test_skipped_with_a_reason_it_goes_on_and_a_wait_as_well(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    skip_step(ticket, run.pk, "soothe", reason="买家已被安抚", by=cast.bo, now=NOON)
    with pytest.raises(Invalid) as refused:
        skip_step(ticket, run.pk, "choose", reason="x", by=cast.bo, now=NOON)
    assert refused.value.field == "edge"
    skip_step(ticket, run.pk, "choose", reason="x", edge=0, by=cast.bo, now=NOON)
    run = skip_step(ticket, run.pk, "wait", reason="买家说没有图", by=cast.bo, now=NOON)
    assert run.step == "pay"
    run = stop_sop(ticket, run.pk, reason="买家撤回了申请", by=cast.bo, now=NOON)
    again = stop_sop(ticket, run.pk, reason="again", by=cast.ann, now=NOON)
    assert (again.state, again.reason, again.ended_by_id) == ("stopped", "买家撤回了申请", cast.bo.pk)
    assert [event.after["reason"] for event in ticket.events.filter(kind="sop.skipped").order_by("pk")] == [
        "买家已被安抚",
        "x",
        "买家说没有图",
    ]


@pytest.mark.parametrize(
    ("evidence", "field"),
    [
        ({"sure": "1"}, "evidence.shot"),
        ({"shot": "x", "sure": "1"}, "evidence.shot"),
        ({"shot": "00000000-0000-0000-0000-000000000001", "sure": "1"}, "evidence.shot"),
        ({"shot": "MINE"}, "evidence.sure"),
        ({"shot": "MINE", "sure": "1", "link": "javascript:alert(1)"}, "evidence.link"),
        ({"shot": "MINE", "sure": "1", "link": "https://x/" + "x" * 2000}, "evidence.link"),
    ],
)
def test_evidence_is_what_was_asked_for(cast: Cast, begin: Begin, evidence: dict[str, str], field: str) -> None:
    ticket = waiting_ticket(uploads=(Upload("x.png", PNG),))
    run = begin(ticket)
    skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)
    skip_step(ticket, run.pk, "choose", reason="x", edge=0, by=cast.bo, now=NOON)
    mine = str(Attachment.objects.get(message__ticket=ticket).pk)
    given = {key: mine if value == "MINE" else value for key, value in evidence.items()}
    with pytest.raises(Invalid) as refused:
        do_step(ticket, run.pk, "pay", evidence=given, by=cast.bo, now=NOON)
    assert refused.value.field == field
    assert SopRun.objects.get().step == "pay"


@pytest.mark.parametrize("value", ["", "x", "nan", "1e999"])
def test_a_number_is_one(cast: Cast, begin: Begin, value: str) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)
    with pytest.raises(Invalid) as refused:
        do_step(ticket, run.pk, "choose", edge=0, evidence={"sum": value}, by=cast.bo, now=NOON)
    assert refused.value.field == "evidence.sum"


def test_a_picture_that_is_none_is_refused_and_nothing_is_kept(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)
    skip_step(ticket, run.pk, "choose", reason="x", edge=0, by=cast.bo, now=NOON)
    skip_step(ticket, run.pk, "wait", reason="x", by=cast.bo, now=NOON)
    for content in (b"<svg onload=alert(1)>", b"%PDF-1.7 x"):
        uploads = {"shot": [Upload("x.png", content)]}
        with pytest.raises(Invalid) as refused:
            do_step(ticket, run.pk, "pay", evidence={"sure": "1"}, uploads=uploads, by=cast.bo, now=NOON)
        assert refused.value.field == "evidence.shot"
    assert not Attachment.objects.filter(message__ticket=ticket).exists()


def test_one_at_a_time(cast: Cast, begin: Begin) -> None:
    with left():
        other = make_sop(cast, {**REFUND, "title": {"zh": "物流"}})
        publish_in(cast, other)
    ticket = waiting_ticket()
    run = begin(ticket)
    with pytest.raises(AnotherSopRuns):
        begin(ticket, other)
    stop_sop(ticket, run.pk, reason="换一个", by=cast.bo, now=NOON)
    assert begin(ticket, other).item_id == other.pk


def test_a_closed_ticket_begins_none_but_goes_on_with_one(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    close(ticket, by=cast.bo, now=NOON)
    assert skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON).step == "choose"
    stop_sop(ticket, run.pk, reason="x", by=cast.bo, now=NOON)
    with pytest.raises(TicketIsClosed):
        begin(ticket)


def test_a_run_is_its_tickets(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    other = Ticket.objects.get(pk=buyer_writes("x-2", customer_id="another").ticket_number)
    with pytest.raises(NotFound):
        skip_step(other, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)


def test_what_was_done_cannot_be_deleted(cast: Cast, begin: Begin) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)
    with pytest.raises(NeverDeleted):
        SopStepDone.objects.get().delete()
    with pytest.raises(NeverDeleted):
        run.delete()


def test_the_run_stands_by_itself(cast: Cast, begin: Begin, item: Item) -> None:
    ticket = waiting_ticket()
    run = begin(ticket)
    with left():
        item.publications.all().delete()
    assert skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON).step == "choose"


def test_a_first_check_is_decided_at_once(cast: Cast, begin: Begin) -> None:
    check = {
        **REFUND["steps"][2],
        "edges": [{"to": "b", "when": {"fact": "messages", "operator": "at_least", "value": "2"}}, {}],
    }
    with left():
        first = make_sop(
            cast, {"title": {"zh": "x"}, "steps": [check, {"key": "b", "kind": "do", "title": {"zh": "b"}}]}
        )
        publish_in(cast, first)
    ticket = waiting_ticket()
    run = begin(ticket, first)
    assert (run.state, behind(run)) == ("finished", [("shown", "decided")])
    buyer_writes("x-2")
    ticket = Ticket.objects.get(pk=ticket.pk)
    run = begin(ticket, first)
    assert (run.state, run.step) == ("running", "b")


def test_a_run_of_another_library_goes_on_and_counts_for_nothing(cast: Cast, begin: Begin, item: Item) -> None:
    """As after a move of the store: the numbers are another deployment's, and may be anybody's here."""
    ticket = waiting_ticket()
    run = begin(ticket)
    SopRun.objects.update(item_id=item.pk, version_id=987654)
    run = skip_step(ticket, run.pk, "soothe", reason="x", by=cast.bo, now=NOON)
    assert run.step == "choose"
    assert counts(cast) == {":started": 1}
