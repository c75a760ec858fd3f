"""import_replies: many quick replies from a table, all or none; and what it would do, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from django.utils.translation import gettext as _

from knowledge.actions.save_reply import add_reply, save_reply
from knowledge.actions.write_item import Place, check_folder
from knowledge.models import Item
from knowledge.reply_table import COLUMNS, ReadRow, read_row
from tenants.errors import Invalid
from tenants.models import User
from tenants.tables.problems import BadTable, Problem
from tenants.tables.reading import Table

MOST: Final = 2_000  # replies at once

Deed = Literal["new", "changed", "same"]


@dataclass(frozen=True)
class Planned:
    """What becomes of one row."""

    row: ReadRow
    deed: Deed
    item: Item | None = None


def read_rows(table: Table) -> list[ReadRow]:
    """Raises BadTable, with row and column of all that is wrong."""
    rows = table.rows
    for part in ("title", "body"):
        if not {f"{part}_zh", f"{part}_en"} & table.present:
            heading = next(column.headings[0] for column in COLUMNS if column.name == f"{part}_zh")
            raise BadTable([Problem(0, heading, _("this column is missing."))])
    if not rows:
        raise BadTable([Problem(0, "", _("There are no rows in it."))])
    if len(rows) > MOST:
        raise BadTable([Problem(0, "", _("It has more than %(most)d rows. Cut it in parts.") % {"most": MOST})])
    read = [read_row(row) for row in rows]
    problems = [one for one in read if isinstance(one, Problem)]
    told: dict[int, int] = {}
    for one in read:
        if isinstance(one, ReadRow) and one.item_id is not None:
            if one.item_id in told:
                words = _("row %(other)d has this number as well.") % {"other": told[one.item_id]}
                problems.append(Problem(one.number, COLUMNS[0].headings[0], words))
            told.setdefault(one.item_id, one.number)
        if isinstance(one, ReadRow):
            problems.extend(_wrong_folder(one))
    if problems:
        raise BadTable(sorted(problems, key=lambda problem: problem.row))
    return [one for one in read if isinstance(one, ReadRow)]


def plan_import(rows: Sequence[ReadRow], items: Sequence[Item]) -> list[Planned]:
    """`items`: those that the author may change, of the ids that the rows name. Raises BadTable for the others."""
    known = {item.pk: item for item in items}
    missing = [row for row in rows if row.item_id is not None and row.item_id not in known]
    if missing:
        words = _("there is no such quick reply, or it is not yours to change.")
        raise BadTable([Problem(row.number, COLUMNS[0].headings[0], words) for row in missing])
    return [_plan(row, known.get(row.item_id or 0)) for row in rows]


def import_replies(planned: Sequence[Planned], place: Place, *, author: User, agency_id: int, now: datetime) -> int:
    """Does it: new ones go to `place`, those that are there keep their layer. `items` are locked. How many changed."""
    for plan in planned:
        row = plan.row
        if plan.item is None:
            new = replace(place, folder=row.folder or place.folder, categories=row.categories)
            add_reply(agency_id, row.content, new, author=author, now=now)
        elif plan.deed == "changed":
            content = {**row.content, "pictures": _said(plan.item).get("pictures", [])}
            save_reply(plan.item, content, _place(plan), revision=plan.item.revision, author=author, now=now)
    return sum(plan.deed != "same" for plan in planned)


def _plan(row: ReadRow, item: Item | None) -> Planned:
    if item is None:
        return Planned(row, "new")
    said = _said(item)
    same = all(said.get(name) == row.content[name] for name in ("title", "body", "shortcut"))
    placed = (item.folder, list(item.categories)) == (check_folder(row.folder), list(row.categories))
    return Planned(row, "same" if same and placed else "changed", item)


def _said(item: Item) -> dict[str, object]:
    return item.draft or (item.latest.content if item.latest else {})


def _place(plan: Planned) -> Place:
    item = plan.item
    assert item is not None  # a row that changes one
    return Place(
        layer=item.layer,
        person_id=item.person_id,
        team_id=item.team_id,
        marketplace=item.marketplace,
        store_id=item.store_id,
        folder=plan.row.folder,
        categories=plan.row.categories,
        audience=item.audience,
        keeper_id=item.keeper_id,
        review_on=item.review_on,
    )


def _wrong_folder(row: ReadRow) -> list[Problem]:
    try:
        check_folder(row.folder)
    except Invalid as refused:
        return [Problem(row.number, COLUMNS[1].headings[0], str(refused))]
    return []
