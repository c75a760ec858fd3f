"""What the desk shows of SOPs on a ticket, already in the reader's language. Frozen; no model instance among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tickets.rows import AttachmentRow, StoreRef


@dataclass(frozen=True)
class SopOffer:
    """An SOP that the store runs and that could be begun here."""

    item_id: int
    title: str
    version: int
    is_override: bool


@dataclass(frozen=True)
class EvidenceField:
    key: str
    label: str
    kind: str  # EvidenceKind
    is_required: bool


@dataclass(frozen=True)
class Answer:
    edge: int
    label: str
    to: str  # the title of the step that follows, empty: the end


@dataclass(frozen=True)
class SopWords:
    """What a step says to the buyer, variables filled as far as they are known."""

    language: str  # zh, en
    text: str
    missing: tuple[str, ...]  # how the variables are called that nobody knows here


@dataclass(frozen=True)
class StepNow:
    """The step at which a run stands."""

    key: str
    number: int  # how many were passed, and one
    kind: str
    kind_label: str
    title: str
    help: str
    words: tuple[SopWords, ...]  # the buyer's language first
    evidence: tuple[EvidenceField, ...]
    answers: tuple[Answer, ...]  # of a question
    until: datetime | None  # of a wait
    is_over: bool  # the wait
    is_said: bool  # something was sent to the buyer since it began


@dataclass(frozen=True)
class Shown:
    """A piece of evidence that was given; of a picture `picture` is the file's id."""

    label: str
    text: str
    picture: str = ""


@dataclass(frozen=True)
class StepBehind:
    key: str
    title: str
    outcome: str  # SopStepDone.Outcome
    outcome_label: str
    answer: str
    reason: str
    shown: tuple[Shown, ...]
    by: str
    at: datetime


@dataclass(frozen=True)
class SopRunRow:
    pk: int
    item_id: int
    title: str
    purpose: str
    version: int
    is_override: bool
    state: str  # SopRun.State
    state_label: str
    started_by: str
    started_at: datetime
    ended_by: str
    ended_at: datetime | None
    reason: str
    behind: tuple[StepBehind, ...]
    now: StepNow | None
    ahead: int  # steps of the longest way that may still come, this one included

    @property
    def percent(self) -> int:
        """How far it is, as far as one can know: the longest way that may still come counts."""
        whole = len(self.behind) + self.ahead
        return round(100 * len(self.behind) / whole) if whole else 100


@dataclass(frozen=True)
class SopPane:
    """Everything about SOPs on one ticket, for one of the agency's people."""

    store: StoreRef
    number: int
    mark: str  # differs when anything of it has changed
    is_closed: bool
    run: SopRunRow | None
    past: tuple[SopRunRow, ...]
    attached: tuple[SopOffer, ...]  # by the ticket's category
    others: tuple[SopOffer, ...]
    pictures: tuple[AttachmentRow, ...]  # of the ticket: evidence to choose from


@dataclass(frozen=True)
class SopTicket:
    """A ticket behind a figure of adherence."""

    store: StoreRef
    number: int
    buyer: str
    version: int
    state_label: str
    reason: str
    by: str
    at: datetime
