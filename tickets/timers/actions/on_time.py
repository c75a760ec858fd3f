"""What is done to a ticket because its time has come. The caller holds the lock and has seen that it is still so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tenants.context import ask, current_store
from tenants.queries import person_by_id
from tickets.acknowledgement import delay_notice
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.deliver import first_state
from tickets.actions.receive import language_of_store
from tickets.actions.record import Happened, Word, record
from tickets.actions.reopen import reopen
from tickets.channels import Channel
from tickets.clocks.first_word import may_write_first
from tickets.clocks.rules import Looked
from tickets.clocks.timers import WAKE
from tickets.desk.models import QueueEntry
from tickets.models import Message, Ticket
from tickets.models.event import ByTime
from tickets.models.ticket import Priority
from tickets.policies.queries import rules_of
from tickets.queries.wait import expected_wait_now
from tickets.timers.actions.follow_up import plan_for
from tickets.timers.models import Rule
from tickets.timers.queries.plans import pure_rule, rule_by_id


def tell_of_delay(ticket: Ticket, *, now: datetime) -> None:
    """A word to the buyer that it takes longer, with the wait that was measured. No answer: the clock goes on."""
    wait = expected_wait_now(ticket.channel, now)
    word = _word(ticket, delay_notice(_language(ticket), wait), now)
    told = {"seq": word.message.seq, "wait_s": wait and int(wait.total_seconds())}
    record(ticket, Happened(ByTime.TOLD_OF_DELAY, by="clock", after=told), now=now, words=[word])


_NAME: Final = """
UPDATE desk_queueentry SET escalated_to_id = %(to)s WHERE store_id = %(store)s AND ticket_number = %(number)s
"""


def escalate(ticket: Ticket, *, to: int | None, now: datetime) -> None:
    """The ticket is urgent now, and that lead's to see to. None: nobody is there, all leads see it (`told` says so).

    It stays so until somebody answers or closes it, whoever has it meanwhile; then the index forgets it.
    """
    before, ticket.priority = ticket.priority, Priority.URGENT
    was, becomes = {"priority": before}, {"priority": ticket.priority, "to": to}
    record(ticket, Happened(ByTime.ESCALATED, by="clock", before=was, after=becomes), now=now)
    if to is not None:
        ask(_NAME, {"to": to, "store": current_store().pk, "number": ticket.number})


def act_by_rule(ticket: Ticket, pk: int, *, now: datetime) -> None:
    """Does what the rule says, if it is still on and the ticket still as it wants.

    Raises Invalid where it gives the ticket to somebody who does not work in this store.
    """
    rule = rule_by_id(pk)
    looked = Looked(ticket.state, ticket.priority, ticket.channel, ticket.category, ticket.assignee_id)
    if rule is None or rule.agency_id != current_store().agency_id or not pure_rule(rule).matches(looked):
        return
    through = f"rule: {rule.name}"
    match rule.does:
        case Rule.Action.NUDGE:
            _nudge(ticket, rule, through, now)
        case Rule.Action.CLOSE:
            close(ticket, by=None, now=now, through=through)
        case Rule.Action.ASSIGN:
            to = person_by_id(rule.to_id) if rule.to_id else None
            assign(ticket, to=to, by=None, now=now, through=through)
        case Rule.Action.PRIORITY:
            _set_priority(ticket, rule, through, now)


def follow_up(ticket: Ticket, pk: int, *, closed_at: datetime, now: datetime) -> None:
    """What a rule wants after the closing, if it is still on, the buyer silent, the store open, and the marketplace
    lets a seller write first. What is not done says why in the ticket's history; where the store is closed, it waits.
    """
    rule, store = rule_by_id(pk), current_store()
    looked = Looked(ticket.state, ticket.priority, ticket.channel, ticket.category, ticket.assignee_id)
    if rule is None or rule.agency_id != store.agency_id or not pure_rule(rule).matches(looked):
        return
    hours = rules_of(store, now).hours
    if _wrote_since(ticket):
        _not_followed_up(ticket, rule, "buyer_wrote", now)
    elif not hours.is_open(now):
        plan_for(ticket, rule, closed_at, hours.next_open(now))
    elif rule.does == Rule.Action.REOPEN:
        _reopen(ticket, rule, now)
    elif may_write_first(ticket.channel, last_conversation=ticket.last_message_at, now=now):
        _nudge(ticket, rule, f"rule: {rule.name}", now, follow_up=rule.pk, opening=ticket.openings)
    else:
        _not_followed_up(ticket, rule, "too_long_ago", now)


def _wrote_since(ticket: Ticket) -> bool:
    """Whether the buyer has been in touch after the closing, in this or another ticket; an answer of ours is no word
    of theirs."""
    theirs = Message.objects.filter(ticket__customer=ticket.customer_id, kind=Message.Kind.BUYER)
    return theirs.filter(created_at__gt=ticket.closed_at).exists()


def _not_followed_up(ticket: Ticket, rule: Rule, why: str, now: datetime) -> None:
    after = {"rule": rule.name, "why": why}
    record(ticket, Happened(ByTime.NOT_FOLLOWED_UP, by=f"rule: {rule.name}", after=after), now=now)


def _reopen(ticket: Ticket, rule: Rule, now: datetime) -> None:
    """Back into the queue. The patience that other rules have with a silent buyer begins anew: as behind a snooze."""
    through = f"rule: {rule.name}"
    reopen(ticket, by=None, now=now, through=through)
    after = {"rule": rule.name, "follow_up": rule.pk, "opening": ticket.openings}
    record(ticket, Happened(ByTime.RULE_ACTED, by=through, after=after), now=now)
    entry = QueueEntry.objects.filter(store=current_store(), ticket_number=ticket.number)
    for told in entry.values_list("told", flat=True):
        entry.update(snoozed_until=now, told=sorted({*told, WAKE}))


def _nudge(ticket: Ticket, rule: Rule, through: str, now: datetime, **more: int) -> None:
    in_chinese = _language(ticket) == "zh"
    text = (rule.text_zh or rule.text_en) if in_chinese else (rule.text_en or rule.text_zh)
    word = _word(ticket, text, now)
    acted = Happened(ByTime.RULE_ACTED, by=through, after={"rule": rule.name, "seq": word.message.seq, **more})
    record(ticket, acted, now=now, words=[word])


def _set_priority(ticket: Ticket, rule: Rule, through: str, now: datetime) -> None:
    before, ticket.priority = ticket.priority, rule.priority or ticket.priority
    if before == ticket.priority:
        return
    after = {"rule": rule.name, "priority": ticket.priority}
    record(ticket, Happened(ByTime.RULE_ACTED, by=through, before={"priority": before}, after=after), now=now)


def _word(ticket: Ticket, text: str, now: datetime) -> Word:
    """The next word, an automatic one: neither clocks nor the silence notice it."""
    ticket.last_seq += 1
    message = Message(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=Message.Kind.BOT,
        body=text,
        delivery=first_state(ticket.channel),
        sent_at=now,
        created_at=now,
    )
    return Word(message, Channel(ticket.channel))


def _language(ticket: Ticket) -> str:
    return ticket.customer.language or language_of_store()
