"""Adherence 遵循: how often an SOP was gone through, its steps done or skipped; and the tickets behind a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import F, QuerySet, Sum

from knowledge.models import Version
from tenants.access import Action, Caller, stores_for
from tenants.context import in_store
from tenants.errors import Invalid, NotFound
from tenants.models import Store
from tenants.models.people import without_secrets
from tickets.desk.models import SopCount
from tickets.models import SopRun, SopStepDone
from tickets.queries.names import aliases_for, buyer_name, person_ref, store_ref
from tickets.rows import StoreRef
from tickets.sop_rows import SopTicket

MOST_TICKETS: Final = 200
What = SopCount.What
_OF_RUNS: Final = {
    What.STARTED: list(SopRun.State),
    What.FINISHED: [SopRun.State.FINISHED],
    What.STOPPED: [SopRun.State.STOPPED],
}


@dataclass
class StepFigures:
    done: int = 0
    skipped: int = 0
    decided: int = 0

    @property
    def percent(self) -> int | None:
        """Done of those that a person came to; None where nobody did."""
        asked = self.done + self.skipped
        return round(100 * self.done / asked) if asked else None


@dataclass
class StoreFigures:
    """One store's runs, and its steps by their keys."""

    store: StoreRef
    started: int = 0
    finished: int = 0
    stopped: int = 0
    steps: dict[str, StepFigures] = field(default_factory=dict)

    @property
    def running(self) -> int:
        return self.started - self.finished - self.stopped

    @property
    def skipped(self) -> int:
        return sum(step.skipped for step in self.steps.values())

    @property
    def percent(self) -> int | None:
        done = sum(step.done for step in self.steps.values())
        return round(100 * done / (done + self.skipped)) if done + self.skipped else None


def adherence(caller: Caller, item_id: int, *, version: int | None = None) -> list[StoreFigures]:
    """By store, of all versions or of one: the stores that the caller may see and in which it was ever begun.

    Two queries, whatever the number of stores.
    """
    stores = {store.pk: store for store in stores_for(caller, Action.RUN_SOP)}
    counts = SopCount.objects.filter(item_id=item_id, store__in=list(stores))
    if version is not None:
        counts = counts.filter(version=version)
    found: dict[int, StoreFigures] = {}
    for row in counts.values("store_id", "step", "what").annotate(total=Sum("count")):
        figures = found.setdefault(row["store_id"], StoreFigures(store_ref(stores[row["store_id"]])))
        if row["step"]:
            setattr(figures.steps.setdefault(row["step"], StepFigures()), row["what"], row["total"])
        else:
            setattr(figures, row["what"], row["total"])
    return sorted(found.values(), key=lambda figures: (-figures.started, figures.store.name))


def sop_tickets(
    caller: Caller, store: Store, item_id: int, what: str, *, step: str = "", version: int | None = None
) -> list[SopTicket]:
    """The tickets behind one figure, latest first, MOST_TICKETS at most. Enters the store by itself.

    Raises Invalid (`what`).
    """
    if what not in What.values and what != SopRun.State.RUNNING:
        raise Invalid(field="what")
    if not any(each.pk == store.pk for each in stores_for(caller, Action.RUN_SOP, pk=store.pk)):
        raise NotFound(field="store")
    # A run that came with its store from elsewhere bears numbers of another library.
    versions = list(Version.objects.filter(item=item_id).values_list("pk", flat=True))
    with in_store(store):
        return (
            _of_step(caller, store, _lines(versions, what, step, version))
            if step
            else _of_runs(caller, store, _runs(versions, what, version))
        )


def _runs(versions: Sequence[int], what: str, version: int | None) -> QuerySet[SopRun]:
    states: Sequence[str] = [what] if what == SopRun.State.RUNNING else _OF_RUNS.get(What(what), [])
    runs = SopRun.objects.filter(version_id__in=versions, state__in=states)
    return runs if version is None else runs.filter(version=version)


def _lines(versions: Sequence[int], what: str, step: str, version: int | None) -> QuerySet[SopStepDone]:
    lines = SopStepDone.objects.filter(run__version_id__in=versions, step=step, outcome=what)
    return lines if version is None else lines.filter(run__version=version)


def _of_runs(caller: Caller, store: Store, runs: QuerySet[SopRun]) -> list[SopTicket]:
    runs = runs.select_related("ticket__customer", "started_by", "ended_by").order_by("-pk")
    return [
        _ticket(caller, store, run, run.ended_by or run.started_by, run.reason, run.ended_at or run.started_at)
        for run in runs.defer(*without_secrets("started_by"), *without_secrets("ended_by"))[:MOST_TICKETS]
    ]


def _of_step(caller: Caller, store: Store, lines: QuerySet[SopStepDone]) -> list[SopTicket]:
    lines = lines.select_related("run__ticket__customer", "by").order_by("-pk").annotate(number=F("run__ticket"))
    return [
        _ticket(caller, store, line.run, line.by, line.reason, line.at)
        for line in lines.defer(*without_secrets("by"))[:MOST_TICKETS]
    ]


def _ticket(caller: Caller, store: Store, run: SopRun, who: object, reason: str, at: object) -> SopTicket:
    person = person_ref(who, store, caller, aliases_for([store]))  # type: ignore[arg-type]
    return SopTicket(
        store=store_ref(store),
        number=run.ticket.number,
        buyer=buyer_name(str(run.ticket.customer)),
        version=run.version,
        state_label=str(SopRun.State(run.state).label),
        reason=reason,
        by=person.name if person else "",
        at=at,  # type: ignore[arg-type]
    )
