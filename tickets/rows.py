"""What pages, partials and the API print: frozen, evaluated, free of any schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class StoreRef:
    """A store as it is shown beside everything that belongs to it."""

    pk: int
    slug: str
    name: str
    band: int  # 0..7, the class `band-N`
    time_zone: str
    marketplace: str


@dataclass(frozen=True)
class PersonRef:
    pk: int
    name: str


@dataclass(frozen=True)
class LiveLine:
    """What is under way in a store, said in the reader's language: an event, a spike, or both; else empty."""

    store: StoreRef
    name: str  # the event's
    event: str
    spike: str


@dataclass(frozen=True)
class QueueRow:
    """An open ticket in the queue."""

    store: StoreRef
    number: int
    buyer: str
    channel: str
    channel_label: str
    last_line: str
    last_kind: str  # Message.Kind
    last_is_own: bool  # the reader wrote it
    state: str  # Ticket.State
    priority: int  # 1 urgent, 2 high, 3 normal
    category: str
    category_label: str
    assignee: PersonRef | None
    is_mine: bool
    last_seq: int
    last_message_at: datetime
    waiting_since: datetime | None  # since when the buyer waits for a human word
    due_at: datetime | None  # when that is too long
    is_breached: bool
    due_why: str = ""  # which rule says so, in words
    warned: int = 0  # per cent of the clock that the clock has told of, 100 from the breach on
    is_escalated: bool = False
    snoozed_until: datetime | None = None  # out of the queue until then, if that lies ahead
    language: str = ""  # what triage says: zh, en, or empty
    is_unhappy: bool = False
    is_presale: bool = False
    urgency: int = 0  # 0, 1 in a hurry, 2 somebody is at risk
    live: LiveLine | None = None
    due_key: str = ""  # which rule says so, as a key
    pressing: float | None = None  # its place in the order, less is sooner: `tickets.clocks.urgency`
    goal: str = ""  # what runs out: "the 12-h reply"
    time: str = ""  # how far it is, as of when the page was asked for: "4 min to the 12-h reply"
    stake: str = ""  # what a miss costs: "TikTok Shop TH: 3 misses left"; empty where nothing is measured, or counts
    is_tight: bool = False  # no miss is left
    reason: str = ""  # both in one line: why it stands where it stands
    escalated_to: PersonRef | None = None  # the lead who was named when nobody had answered
    is_escalated_to_me: bool = False  # or to nobody, and the reader is a lead


@dataclass(frozen=True)
class AttachmentRow:
    id: str
    name: str
    content_type: str
    size: int  # bytes
    is_image: bool


@dataclass(frozen=True)
class MessageRow:
    id: int
    seq: int
    kind: str  # Message.Kind: buyer, agent, bot, system, note
    author: str  # the name that this reader may see; empty for buyers and the system
    is_own: bool
    body: str
    at: datetime  # when it reached us
    sent_at: datetime  # when it was written, as the channel says
    delivery: str  # Message.Delivery, empty for what came in
    delivery_label: str
    delivery_error: str
    external_id: str
    attachments: tuple[AttachmentRow, ...]
    card: dict[str, Any] | None = None  # an offer, a product, an order, or the choice of an offer
    chosen: str = ""  # of an offer: the option that the buyer tapped


@dataclass(frozen=True)
class OutgoingRow:
    """A message that waits for the store's connector."""

    id: int
    ticket: int
    seq: int
    channel: str
    customer: str  # the channel's own id of the buyer
    kind: str  # Message.Kind: agent, bot
    body: str
    attachments: tuple[AttachmentRow, ...]


@dataclass(frozen=True)
class EventRow:
    """A line of the ticket's history, already said in the reader's language."""

    kind: str
    text: str
    at: datetime


@dataclass(frozen=True)
class ChatRow:
    """What a ticket that is held in the widget has beyond others."""

    page: str
    answers: tuple[tuple[str, str], ...]  # (label, answer) of the form before the chat
    is_identified: bool
    buyer_read: int  # the last seq that they have looked at
    unread_by_buyer: int  # answers of people that they have not looked at
    draft: str  # what the buyer is typing, where the store shows it
    score: int | None
    comment: str


@dataclass(frozen=True)
class ChatTile:
    """A chat that rings, or one of the reader's own, beside the queue."""

    store: StoreRef
    number: int
    buyer: str
    words: str  # the first of this wait, empty for a file
    unread: int  # of the buyer's messages, by anybody
    is_given: bool  # somebody else gave it to the reader, who has not answered yet
    waiting_since: datetime | None
    due_at: datetime | None
    is_breached: bool


@dataclass(frozen=True)
class Chats:
    """What rings, longest first, and the reader's own open chats."""

    ringing: tuple[ChatTile, ...]
    own: tuple[ChatTile, ...]
    ringing_total: int


@dataclass(frozen=True)
class WidgetLine:
    """A store in the list of chat widgets."""

    store: StoreRef
    is_set_up: bool
    is_on: bool
    sites: int


@dataclass(frozen=True)
class ColleagueRow:
    """Somebody who can be given a ticket, and whether they are there. `status` as in Presence, empty: at no desk."""

    pk: int
    name: str
    status: str
    back_at: datetime | None
    chats: int


@dataclass(frozen=True)
class TicketRow:
    store: StoreRef
    number: int
    buyer: str
    buyer_external_id: str
    buyer_email: str
    language: str
    channel: str
    channel_label: str
    subject: str
    category: str
    category_label: str
    priority: int
    priority_label: str
    state: str
    state_label: str
    assignee: PersonRef | None
    is_mine: bool
    last_seq: int
    openings: int
    opened_at: datetime
    waiting_since: datetime | None
    first_response_at: datetime | None
    due_at: datetime | None
    is_breached: bool
    last_message_at: datetime
    closed_at: datetime | None
    due_why: str = ""  # which rule says until when, in words
    due_why_key: str = ""  # and as `goal:KEY:SECONDS` or `policy:KEY:SECONDS`
    escalated_to: PersonRef | None = None  # the lead who was named, for who may know
    snoozed_until: datetime | None = None
    mood: str = ""  # `Mood.slug` of the buyer's latest words; empty where it is not known: of a closed ticket


@dataclass(frozen=True)
class PastTicket:
    """Another ticket of the same buyer in the same store."""

    number: int
    state: str
    state_label: str
    subject: str
    last_message_at: datetime


@dataclass(frozen=True)
class MoodRow:
    """How the buyer's latest words sound, as it is said now. `is_persons`: by somebody of the agency."""

    slug: str
    label: str
    is_persons: bool
    because: str  # the words that told triage
    choices: tuple[tuple[str, str], ...]  # (slug, label)


@dataclass(frozen=True)
class Conversation:
    """One ticket with a page of its messages, oldest first, and what this reader may do to it."""

    ticket: TicketRow
    messages: tuple[MessageRow, ...]
    has_earlier: bool
    may_reply: bool
    may_note: bool
    may_assign: bool
    may_close: bool
    colleagues: tuple[ColleagueRow, ...]
    chat: ChatRow | None
    history: tuple[EventRow, ...]
    past: tuple[PastTicket, ...]
    may_run_sop: bool = False
    sop_mark: str = ""  # differs when something of the ticket's SOPs has changed
    categories: tuple[tuple[str, str], ...] = ()  # (value, label), for who may say what the ticket is about
    category_is_triages: bool = False  # nobody has agreed with it yet
    category_because: str = ""  # the buyer's words that told it
    mood: MoodRow | None = None  # for who may say it
    patterns: tuple[MessageRow, ...] = ()  # of a chat: a plain word of each kind that may come along by socket

    @property
    def first_seq(self) -> int:
        return self.messages[0].seq if self.messages else 0


@dataclass(frozen=True)
class Queue:
    """One page of the queue, with the counts that its filters show."""

    rows: tuple[QueueRow, ...]
    total: int  # tickets that match; of a search, as many as it hands out
    is_cut: bool  # the search found more than that
    overdue: int  # of those that match
    next_cursor: str  # empty on the last page
    counts: dict[str, int]  # all, mine, unassigned, overdue: over all stores of the caller, unfiltered
    live: tuple[LiveLine, ...] = ()  # of all stores of the caller

    @property
    def most_pressing(self) -> QueueRow | None:
        """Of the rows whose buyer waits too long, the first in the desk's order: the first row, but in a search."""
        return min((row for row in self.rows if row.is_breached), key=lambda row: row.pressing or 0.0, default=None)
