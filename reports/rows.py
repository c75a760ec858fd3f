"""What pages, files and the API print: frozen, evaluated. One row is the same wherever it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.periods import Period
from reports.sums import Sums
from tickets.rows import StoreRef


@dataclass(frozen=True)
class Line:
    """A row of a report. `key` says what it is about in an address: a store's short name, a day, a channel."""

    key: str
    label: str
    sums: Sums
    before: Sums  # the same in the period before
    store: StoreRef | None = None

    @property
    def change(self) -> float | None:
        """Of the conversations, against the period before: 0.25 for a quarter more. None where there were none."""
        return (self.sums.opened - self.before.opened) / self.before.opened if self.before.opened else None


@dataclass(frozen=True)
class Report:
    """A page of a report: what was asked, all in all, and the lines of one breakdown."""

    period: Period
    by: str
    whole: Line
    lines: tuple[Line, ...]
    days: tuple[Line, ...]  # every day of the period, also the empty ones
    found: int  # lines of all pages
    page: int
    pages: int


@dataclass(frozen=True)
class FleetLine:
    """A store at a glance: what waits now, and its own today."""

    store: StoreRef
    day: date  # today, in its time zone
    waiting: int
    overdue: int
    today: Sums
    usual: float | None  # conversations of such a weekday until this hour; None where that is not known yet

    @property
    def against_usual(self) -> float | None:
        return self.today.opened / self.usual if self.usual else None


@dataclass(frozen=True)
class Fleet:
    """The front page. `whole` is over all stores that were found, not only those of the page."""

    whole: FleetLine | None
    lines: tuple[FleetLine, ...]
    found: int
    stores: int  # all that the reader has
    page: int
    pages: int
    at: datetime


@dataclass(frozen=True)
class TicketLine:
    """A ticket behind a figure. `buyer` and `subject` come from the store's own schema."""

    store: StoreRef
    number: int
    opening: int
    opened_at: datetime  # of what waits now: since when
    due_at: datetime | None  # of what waits now
    channel_label: str
    category_label: str
    first_response_s: int | None
    within: bool
    late: bool
    breached: bool
    closed: bool
    buyer: str
    subject: str


@dataclass(frozen=True)
class TicketList:
    lines: tuple[TicketLine, ...]
    total: int
    page: int
    pages: int
