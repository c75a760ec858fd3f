"""One ticket with its messages, and tickets and messages as the API prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from knowledge.categories import Category
from knowledge.content.text import Text
from tenants.access import Action, Caller, colleagues, may
from tenants.clock import database_now
from tenants.context import in_store
from tenants.hosts import Kind
from tenants.models import Store, User
from tenants.models.people import without_secrets
from tickets.cards import CHOICE, OFFER
from tickets.channels import Channel
from tickets.clocks.routing import Why
from tickets.desk.models import QueueEntry
from tickets.models import Event, Message, Ticket
from tickets.models.event import CATEGORISED, MOOD_SAID, ByTime
from tickets.models.ticket import Priority
from tickets.moods import SLUGS, Mood
from tickets.policies.names import why
from tickets.queries.chats import chat_row
from tickets.queries.gate import messages_for, ticket_for
from tickets.queries.moods import mood_of, told_by
from tickets.queries.names import aliases_for, buyer_name, person_ref, store_ref
from tickets.queries.presence import Colleague, colleagues_present
from tickets.queries.sops import sop_mark
from tickets.routing.names import why_given
from tickets.rows import (
    AttachmentRow,
    ColleagueRow,
    Conversation,
    EventRow,
    MessageRow,
    MoodRow,
    PastTicket,
    TicketRow,
)

MESSAGES_PAGE = 50
MESSAGES_AT_ONCE = 1000  # what a page that has scrolled far up is given afresh: the latest of them
HISTORY = 30

WHY_NOT: Final = {
    "buyer_wrote": gettext_lazy("the buyer has written since"),
    "too_long_ago": gettext_lazy("the marketplace lets nobody write first so long after the last conversation"),
}


def conversation_for(
    caller: Caller,
    store: Store,
    number: int,
    *,
    before: int | None = None,
    since: int | None = None,
    size: int = MESSAGES_PAGE,
) -> Conversation:
    """A ticket with its last `size` messages, those before a seq, or all from a seq on. Enters the store by itself."""
    entry = _entries(store).filter(ticket_number=number).first()
    people = colleagues_of(caller, store)
    now = database_now()
    aliases = aliases_for([store])
    with in_store(store):
        ticket = ticket_for(caller, store, number, Action.VIEW)
        latest = _latest(ticket, store)
        judged = _judged(ticket, latest) if may(store, Action.ASSIGN) else []
        is_triages, because = _by_triage(ticket, judged)
        messages = messages_for(caller, store, ticket)
        first_seq, mark = messages.annotate(mark=sop_mark(ticket)).values_list("seq", "mark").first() or (0, "")
        if since is not None:
            messages, size = messages.filter(seq__gte=since), MESSAGES_AT_ONCE
        if before is not None:
            messages = messages.filter(seq__lt=before)
        page = list(reversed(messages.order_by("-seq")[:size]))
        chosen = _choices(ticket, page)
        return Conversation(
            ticket=_ticket_row(ticket, store, entry, caller, aliases),
            messages=tuple(message_row(m, store, caller, aliases, chosen) for m in page),
            has_earlier=bool(page) and page[0].seq > first_seq,
            may_reply=may(store, Action.REPLY),
            may_note=may(store, Action.NOTE),
            may_assign=may(store, Action.ASSIGN),
            may_close=may(store, Action.CLOSE),
            colleagues=people,
            chat=chat_row(ticket, drafts=may(store, Action.REPLY), now=now),
            history=_history(latest, store, caller, aliases),
            past=_past(ticket),
            may_run_sop=may(store, Action.RUN_SOP),
            sop_mark=mark if may(store, Action.RUN_SOP) else "",
            categories=tuple((value, str(label)) for value, label in Category.choices),
            category_is_triages=is_triages,
            category_because=because,
            mood=_mood(judged) if may(store, Action.ASSIGN) else None,
            patterns=_patterns(ticket, names=may(store, Action.ASSIGN), now=now),
        )


def _patterns(ticket: Ticket, *, names: bool, now: datetime) -> tuple[MessageRow, ...]:
    """What the page of a chat fills in with words that come by socket, where it can tell whose they are.

    Frames name authors and not whether one is the reader: who may not know `names` sees every colleague by an alias.
    """
    if ticket.channel != Channel.WIDGET:
        return ()
    kinds = (Message.Kind.BUYER, Message.Kind.BOT, *([Message.Kind.AGENT] if names else []))
    return tuple(_pattern(kind, now) for kind in kinds)


def _pattern(kind: Message.Kind, now: datetime) -> MessageRow:
    out = Message.Delivery.NONE if kind == Message.Kind.BUYER else Message.Delivery.SENT  # as the widget's begin
    return MessageRow(
        id=0,
        seq=0,
        kind=kind,
        author="",
        is_own=False,
        body="…",
        at=now,
        sent_at=now,
        delivery=out,
        delivery_label=str(out.label),
        delivery_error="",
        external_id="",
        attachments=(),
    )


def _judged(ticket: Ticket, latest: Sequence[Event]) -> list[Event]:
    """What triage and people said of the ticket, latest first. One query, where `latest` is not all that happened."""
    kinds = (CATEGORISED, MOOD_SAID)
    if len(latest) < HISTORY:
        return [event for event in latest if event.kind in kinds]
    return list(ticket.events.filter(kind__in=kinds).order_by("-pk"))


def _by_triage(ticket: Ticket, judged: Sequence[Event]) -> tuple[bool, str]:
    """Whether the category is triage's word alone, and what told it."""
    told = next((event for event in judged if event.kind == CATEGORISED), None) if ticket.category else None
    if told is None or told.by != "triage":
        return False, ""
    return True, _list(told.after.get("because", ()))


def _mood(judged: Sequence[Event]) -> MoodRow:
    told = told_by([event for event in judged if event.kind == MOOD_SAID])
    choices = tuple((slug, str(label)) for slug, label in SLUGS)
    return MoodRow(told.mood.slug, str(told.mood.label), told.is_persons, _list(told.because), choices)


def _list(words: Iterable[str]) -> str:
    return pgettext("between words of a list", ", ").join(words)


def _category_said(event: Event, who: str) -> str:
    category, words = event.after.get("category", ""), _list(event.after.get("because", ()))
    told = {"who": who, "category": str(Category(category).label) if category else "", "words": words}
    if not who:
        return (_("Triage: %(category)s, because of: %(words)s") if words else _("Triage: %(category)s")) % told
    if not category:
        return _("%(who)s took the category away") % told
    if event.before.get("category") == category:
        return _("%(who)s agreed: %(category)s") % told
    return _("%(who)s said what it is about: %(category)s") % told


def _mood_said(event: Event, who: str) -> str:
    mood, words = mood_of(event), _list(event.after.get("because", ()))
    told = {"who": who, "mood": str(mood.label), "words": words}
    if not who:
        return (_("Triage: %(mood)s, because of: %(words)s") if words else _("Triage: %(mood)s")) % told
    if event.before.get("mood") == mood.slug:
        return _("%(who)s agreed about the mood: %(mood)s") % told
    return _("%(who)s said how it sounds: %(mood)s") % told


def colleagues_of(caller: Caller, store: Store) -> tuple[ColleagueRow, ...]:
    """Who can be given a ticket of this store, as far as the reader may know: nobody, for a seller. In public.

    Whether they are there is known at the agency's own desk; two queries.
    """
    if not may(store, Action.ASSIGN):
        return ()
    present = colleagues_present(store, database_now()) if caller.place.kind == Kind.AGENCY else {}
    nobody = Colleague(0, "", None, 0)
    rows = []
    for person in colleagues(store):
        there = present.get(person.pk, nobody)
        rows.append(ColleagueRow(person.pk, str(person), there.status, there.back_at, there.chats))
    return tuple(rows)


def _choices(ticket: Ticket, page: Sequence[Message]) -> dict[int, str]:
    """seq of an offer → the option that was tapped. One query, for a page with an offer."""
    if not any(message.card and message.card.get("type") == OFFER for message in page):
        return {}
    cards = ticket.messages.filter(card__type=CHOICE).values_list("card", flat=True)
    return {card["seq"]: card["option"] for card in cards if card}


def _ticket_row(
    ticket: Ticket, store: Store, entry: QueueEntry | None, caller: Caller, aliases: dict[tuple[int, int], str]
) -> TicketRow:
    return TicketRow(
        store=store_ref(store),
        number=ticket.number,
        buyer=buyer_name(str(ticket.customer)),
        buyer_external_id=ticket.customer.external_id,
        buyer_email=ticket.customer.email,
        language=ticket.customer.language,
        channel=ticket.channel,
        channel_label=str(Channel(ticket.channel).label),
        subject=ticket.subject,
        category=ticket.category,
        category_label=str(Category(ticket.category).label) if ticket.category else "",
        priority=ticket.priority,
        priority_label=str(Priority(ticket.priority).label),
        state=ticket.state,
        state_label=str(Ticket.State(ticket.state).label),
        assignee=person_ref(ticket.assignee, store, caller, aliases),
        is_mine=ticket.assignee_id == caller.person.pk,
        last_seq=ticket.last_seq,
        openings=ticket.openings,
        opened_at=ticket.opened_at,
        waiting_since=ticket.waiting_since,
        first_response_at=ticket.first_response_at,
        due_at=entry.due_at if entry else None,
        is_breached=bool(entry and entry.due_at and entry.due_at <= database_now()),
        last_message_at=ticket.last_message_at,
        closed_at=ticket.closed_at,
        due_why=why(entry.due_why) if entry else "",
        due_why_key=entry.due_why if entry else "",
        escalated_to=person_ref(entry.escalated_to, store, caller, {}) if entry and may(store, Action.ASSIGN) else None,
        snoozed_until=entry.snoozed_until if entry else None,
        mood=Mood(entry.sentiment).slug if entry else "",
    )


def _entries(store: Store) -> QuerySet[QueueEntry]:
    """The store's open tickets in the index, with the leads whom they were escalated to."""
    entries = QueueEntry.objects.filter(store=store).select_related("escalated_to")
    return entries.defer(*without_secrets("escalated_to"))


def ticket_row(caller: Caller, store: Store, ticket: Ticket) -> TicketRow:
    """One ticket as the API prints it. Inside the entered store."""
    entry = _entries(store).filter(ticket_number=ticket.number).first()
    return _ticket_row(ticket, store, entry, caller, aliases_for([store]))


def ticket_rows(caller: Caller, store: Store, tickets: Sequence[Ticket]) -> list[TicketRow]:
    """A page of tickets as the API prints them. Inside the entered store; two queries more."""
    numbers = [ticket.number for ticket in tickets]
    entries = {e.ticket_number: e for e in _entries(store).filter(ticket_number__in=numbers)}
    aliases = aliases_for([store])
    return [_ticket_row(ticket, store, entries.get(ticket.number), caller, aliases) for ticket in tickets]


def message_rows(caller: Caller, store: Store, messages: Iterable[Message]) -> list[MessageRow]:
    """Messages as the API prints them. Inside the entered store."""
    aliases = aliases_for([store])
    return [message_row(message, store, caller, aliases) for message in messages]


def message_row(
    message: Message,
    store: Store,
    caller: Caller,
    aliases: dict[tuple[int, int], str],
    chosen: Mapping[int, str] = MappingProxyType({}),
) -> MessageRow:
    author = person_ref(message.author, store, caller, aliases)
    return MessageRow(
        id=message.pk,
        seq=message.seq,
        kind=message.kind,
        author=author.name if author else "",
        is_own=message.author_id == caller.person.pk,
        body=message.body,
        at=message.created_at,
        sent_at=message.sent_at,
        delivery=message.delivery,
        delivery_label=str(Message.Delivery(message.delivery).label),
        delivery_error=message.delivery_error,
        external_id=message.external_id,
        attachments=tuple(
            AttachmentRow(str(file.pk), file.name, file.content_type, file.size, file.is_image)
            for file in message.attachments.all()
        ),
        card={"items": "", **message.card} if message.card else None,  # a template would find the dict's own method
        chosen=chosen.get(message.seq, ""),
    )


def _past(ticket: Ticket) -> tuple[PastTicket, ...]:
    others = Ticket.objects.filter(customer_id=ticket.customer_id).exclude(pk=ticket.pk).order_by("-number")[:10]
    return tuple(
        PastTicket(t.number, t.state, str(Ticket.State(t.state).label), t.subject, t.last_message_at) for t in others
    )


_SAID_IN_CONVERSATION = (Event.Kind.RECEIVED, Event.Kind.REPLIED, Event.Kind.NOTED, Event.Kind.DELIVERY)
_SAID_BY_ITS_RUN = (Event.Kind.SOP_STEP, Event.Kind.SOP_SKIPPED, Event.Kind.SOP_DECIDED)
_OF_SOPS = (Event.Kind.SOP_STARTED, Event.Kind.SOP_FINISHED, Event.Kind.SOP_STOPPED)


def _latest(ticket: Ticket, store: Store) -> list[Event]:
    """The latest events that the conversation itself does not show, newest first."""
    events = ticket.events.exclude(kind__in=_SAID_IN_CONVERSATION + _SAID_BY_ITS_RUN)
    if not may(store, Action.RUN_SOP):
        events = events.exclude(kind__in=_OF_SOPS)
    if not may(store, Action.ASSIGN):
        events = events.exclude(kind__in=(Event.Kind.ASSIGNED, Event.Kind.TAKEN_BACK, MOOD_SAID))
    return list(events.select_related("actor").defer(*without_secrets("actor")).order_by("-pk")[:HISTORY])


def _history(
    latest: Sequence[Event], store: Store, caller: Caller, aliases: dict[tuple[int, int], str]
) -> tuple[EventRow, ...]:
    moved = [event for event in latest if event.kind in (Event.Kind.ASSIGNED, Event.Kind.TAKEN_BACK)]
    given = {who.get("assignee") for event in moved for who in (event.before, event.after)}
    if may(store, Action.ASSIGN):  # who leads is the agency's own
        given |= {event.after.get("to") for event in latest if event.kind == ByTime.ESCALATED}
    names = {user.pk: str(user) for user in User.people.filter(pk__in=given - {None})} if given else {}
    rows = []
    for event in latest:
        who = person_ref(event.actor, store, caller, aliases)
        rows.append(EventRow(event.kind, _said(event, who.name if who else "", names), event.at))
    return tuple(rows)


def _said(event: Event, who: str, names: dict[int, str]) -> str:
    match event.kind:
        case Event.Kind.OPENED:
            return _("Opened by the buyer")
        case Event.Kind.REOPENED if not who and event.by.startswith("rule: "):
            return _("Opened again by the rule “%(rule)s”") % {"rule": event.by.removeprefix("rule: ")}
        case Event.Kind.REOPENED:
            return _("Reopened by %(who)s") % {"who": who} if who else _("Reopened: the buyer wrote again")
        case Event.Kind.CLOSED if not who and event.by.startswith("rule: "):
            return _("Closed by the rule “%(rule)s”") % {"rule": event.by.removeprefix("rule: ")}
        case Event.Kind.CLOSED:
            return _("Closed by %(who)s") % {"who": who} if who else _("Ended by the buyer")
        case kind if kind in set(ByTime):
            return _said_of_time(event, who, names)
        case kind if kind in (CATEGORISED, MOOD_SAID):
            return (_category_said if kind == CATEGORISED else _mood_said)(event, who)
        case Event.Kind.ACKNOWLEDGED:
            return _("Acknowledged automatically")
        case Event.Kind.BREACHED:
            return _("The buyer had waited too long")
        case Event.Kind.TAKEN_BACK | Event.Kind.RATED | Event.Kind.INTRODUCED:
            return _said_of_chat(event, names)
        case Event.Kind.SOP_STARTED | Event.Kind.SOP_FINISHED | Event.Kind.SOP_STOPPED:
            return _said_of_sop(event, who)
        case Event.Kind.ASSIGNED:
            return _said_of_giving(event, who, names)
    return event.kind


def _said_of_giving(event: Event, who: str, names: dict[int, str]) -> str:
    to, rule = event.after.get("assignee"), event.by.removeprefix("rule: ")
    if event.actor_id is None and rule != event.by:
        return _("Given to %(to)s by the rule “%(rule)s”") % {"to": names.get(to) or _("nobody"), "rule": rule}
    if event.actor_id is None and to is None:
        lent = names.get(event.before.get("assignee"), "?")
        return _("%(who)s, who was lent, went back: the ticket is open to all again") % {"who": lent}
    if event.actor_id is None:
        return _said_of_routing(event, names.get(to, "?"))
    if to is None:
        return _("%(who)s took it off its assignee") % {"who": who}
    if to == event.actor_id:
        return _("%(who)s took it") % {"who": who}
    return _("%(who)s gave it to %(to)s") % {"who": who, "to": names.get(to, "?")}


def _said_of_routing(event: Event, to: str) -> str:
    key = event.after.get("why", "")
    told = {"to": to, "why": why_given(key), "rule": event.after.get("rule", "")}
    if told["rule"] and key == Why.POOL:
        return _("Given to %(to)s, whom the rule “%(rule)s” names") % told
    if told["rule"] and told["why"]:
        return _("Given to %(to)s by the rule “%(rule)s”, who %(why)s") % told
    return (_("Given to %(to)s, who %(why)s") if told["why"] else _("Given to %(to)s, who had room")) % told


def _said_of_time(event: Event, who: str, names: dict[int, str]) -> str:
    match event.kind:
        case ByTime.WARNED:
            return _("%(share)s %% of the time to answer were over") % {"share": event.after.get("share", "?")}
        case ByTime.ESCALATED if event.after.get("to") in names:
            lead = names[event.after["to"]]
            return _("Escalated to %(name)s: nobody had answered, it is urgent now") % {"name": lead}
        case ByTime.ESCALATED:
            return _("Escalated: nobody had answered, it is urgent now")
        case ByTime.TOLD_OF_DELAY:
            return _("The buyer was told automatically that it takes longer")
        case ByTime.RULE_ACTED:
            return _("The rule “%(rule)s” acted") % {"rule": event.after.get("rule", "?")}
        case ByTime.NOT_FOLLOWED_UP:
            told = {"rule": event.after.get("rule", "?"), "why": WHY_NOT.get(event.after.get("why", ""), "")}
            return _("Not followed up by the rule “%(rule)s”: %(why)s") % told
        case ByTime.SNOOZED:
            return _("Snoozed by %(who)s") % {"who": who}
        case _unused if who:
            return _("Taken back into the queue by %(who)s") % {"who": who}
    return _("Back in the queue: the snooze is over")


def _said_of_sop(event: Event, who: str) -> str:
    title = Text(event.after["sop"]["zh"], event.after["sop"]["en"]).in_language(get_language() or "zh")
    told = {"who": who, "sop": title, "reason": event.after.get("reason", "")}
    match event.kind:
        case Event.Kind.SOP_STARTED:
            return _("%(who)s began the SOP “%(sop)s”") % told
        case Event.Kind.SOP_STOPPED:
            return _("%(who)s stopped the SOP “%(sop)s”: %(reason)s") % told
    return _("The SOP “%(sop)s” came to its end") % told


def _said_of_chat(event: Event, names: dict[int, str]) -> str:
    match event.kind:
        case Event.Kind.TAKEN_BACK if event.after.get("assignee") is None:
            return _("Taken back from %(who)s, who was gone") % {"who": names.get(event.before["assignee"], "?")}
        case Event.Kind.TAKEN_BACK:
            who, to = (names.get(side["assignee"], "?") for side in (event.before, event.after))
            return _("Taken back from %(who)s, who was gone, and given to %(to)s") % {"who": who, "to": to}
        case Event.Kind.RATED:
            stars = "★" * event.after["score"] + "☆" * (5 - event.after["score"])
            said = {"stars": stars, "comment": event.after["comment"]}
            return (_("Rated by the buyer: %(stars)s %(comment)s") % said).strip()
    return _("The buyer filled in the form")
