"""Many rows at once: chosen in a list, shown as before → after, done once, the result shown, and undone where possible.

What was chosen and typed waits in the session, under a token that is used once: a page that is loaded again, or a
button that is pressed twice, does nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from tenants.access import Action
from tenants.admin_site.author import Author
from tenants.admin_site.chooser import open_choosers
from tenants.admin_site.entries import Text
from tenants.errors import Conflict, Invalid, NotFound

MOST: Final = 2000  # rows at once
SHOWN: Final = 200  # lines of a preview and of a result that are shown; of the rest it is said how many
_KEY: Final = "bulk"
_KEPT: Final = 5  # runs that a session remembers


@dataclass(frozen=True)
class Line:
    """One row: what it is called, what it was and what it will be, or why nothing is done with it."""

    title: str
    before: str = ""
    after: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Done:
    """What was done. `undo` is what `BulkAction.undo` needs, JSON-able; None where there is no way back."""

    lines: Sequence[Line]
    undo: Any = None


class BulkAction:
    """What an app says of something that is done with many rows. `preview` and `do` decide alike; only `do` writes."""

    name: ClassVar[str]
    label: ClassVar[Text]
    action: ClassVar[Action]
    form: ClassVar[type[forms.Form] | None] = None
    is_danger: ClassVar[bool] = False
    warning: ClassVar[Text] = ""

    def make_form(self, author: Author, data: Any = None) -> forms.Form | None:
        """The form of what must be said besides the rows; None where that is nothing."""
        if self.form is None:
            return None
        made = self.form(data)
        open_choosers(made.fields, author.agency_id)
        return made

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        """What would be done, a line a row, from queries. Raises DomainError."""
        raise NotImplementedError

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        """Calls verbs, in one transaction. Raises DomainError, and then nothing was done."""
        raise NotImplementedError

    def undo(self, author: Author, kept: Any) -> list[Line]:
        """Takes back what `do` did, as far as nobody has changed it since: that is in `refused`."""
        raise NotImplementedError


@dataclass
class Run:
    """One use of a bulk action, as the session keeps it. `data` is the form as it was sent."""

    token: str
    action: str
    ids: list[int]
    data: dict[str, list[str]] | None = None
    state: str = "open"  # → previewed → done → undone
    lines: list[dict[str, str]] = field(default_factory=list)
    undo: Any = None
    total: int = 0
    refused: int = 0

    @property
    def can_undo(self) -> bool:
        return self.state == "done" and self.undo is not None

    @property
    def worked(self) -> int:
        return self.total - self.refused

    @property
    def more(self) -> int:
        return max(0, self.total - len(self.lines))

    def show(self, lines: Sequence[Line]) -> None:
        """The refused first: they are what somebody must look at."""
        ordered = sorted(lines, key=lambda line: not line.refused)
        self.lines = [asdict(line) for line in ordered[:SHOWN]]
        self.total, self.refused = len(lines), sum(1 for line in lines if line.refused)

    def form_data(self) -> QueryDict | None:
        if self.data is None:
            return None
        sent = QueryDict(mutable=True)
        for name, values in self.data.items():
            sent.setlist(name, values)
        return sent


def begin(session: SessionBase, action: BulkAction, ids: Sequence[int]) -> Run:
    """Raises Invalid where nothing is chosen, or too much."""
    if not ids:
        raise Invalid(_("Choose some rows first."))
    if len(ids) > MOST:
        raise Invalid(_("That is more than %(most)d rows at once. Narrow the list first.") % {"most": MOST})
    run = Run(secrets.token_urlsafe(12), action.name, list(ids))
    keep(session, run)
    return run


def keep(session: SessionBase, run: Run) -> None:
    runs = {token: kept for token, kept in session.get(_KEY, {}).items() if token != run.token}
    newest = dict(list(runs.items())[-(_KEPT - 1) :])
    session[_KEY] = {**newest, run.token: asdict(run)}


def run_of(session: SessionBase, action: BulkAction, token: str) -> Run:
    """Raises NotFound for another's, another action's, and one that was forgotten."""
    kept = session.get(_KEY, {}).get(token)
    if kept is None or kept["action"] != action.name:
        raise NotFound
    return Run(**kept)


def preview(run: Run, action: BulkAction, author: Author, values: dict[str, Any]) -> None:
    run.show(action.preview(author, run.ids, values))
    run.state = "previewed"


def do(run: Run, action: BulkAction, author: Author, values: dict[str, Any]) -> None:
    if run.state != "previewed":
        raise Conflict(_("This was done already."))
    with transaction.atomic():
        done = action.do(author, run.ids, values)
    run.show(done.lines)
    run.state, run.undo = "done", done.undo


def undo(run: Run, action: BulkAction, author: Author) -> None:
    if not run.can_undo:
        raise Conflict(_("This was undone already."))
    with transaction.atomic():
        run.show(action.undo(author, run.undo))
    run.state, run.undo = "undone", None
