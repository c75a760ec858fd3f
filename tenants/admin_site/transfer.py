"""A list as a table: taken away as CSV or XLSX, and brought in again, with every row shown before it is written.

django-import-export runs the rows: a dry run is the real thing, rolled back; an import with a wrong row writes none.
What a row does is a verb's business; what a file may be is `tenants.tables`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import tablib
from django.utils.translation import gettext as _
from import_export import resources
from import_export.instance_loaders import BaseInstanceLoader

from tenants.admin_site.author import Author
from tenants.admin_site.bulk import Line
from tenants.errors import DomainError
from tenants.tables.problems import BadTable, Problem, whole
from tenants.tables.reading import Column, Row, Table, read_table

NUMBER: Final = "_row"  # where a row stood in the file


@dataclass(frozen=True)
class Outcome:
    """What one row did: `before` is empty for what is new, both are for what stays as it is."""

    title: str
    before: str = ""
    after: str = ""
    made: Any = None  # for `ListTable.afterwards`

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Imported:
    """What a file did, or would do, row by row; `unknown` are headings that nobody expected."""

    outcomes: list[Outcome] = field(default_factory=list)
    unknown: tuple[str, ...] = ()

    @property
    def lines(self) -> list[Line]:
        return [Line(one.title, one.before, one.after) for one in self.outcomes if one.changes]

    @property
    def same(self) -> int:
        return sum(1 for one in self.outcomes if not one.changes)


class ListTable:
    """What an app says of a list as a table. Without `write` it is only taken away.

    `out` gives the values of each row in the order of `columns`. `write` calls verbs for one row and says what it did;
    a DomainError names the column by its `field`. `afterwards` is what must not happen in a dry run: letters, say.
    """

    columns: ClassVar[tuple[Column, ...]]
    file_name: ClassVar[str]
    can_import: ClassVar[bool] = False
    most_rows: ClassVar[int] = 2000  # a row is a verb: more would keep somebody waiting

    def out(self, rows: Any) -> Iterable[Sequence[Any]]:
        raise NotImplementedError

    def write(self, author: Author, values: dict[str, str]) -> Outcome:
        raise NotImplementedError

    def afterwards(self, author: Author, outcomes: Sequence[Outcome]) -> None:
        """After the commit of a real import."""

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns]


class _Rows(resources.Resource):
    """django-import-export's engine over one ListTable: a row is a dict, and saving it is the verb."""

    class Meta:
        use_transactions = True
        skip_diff = True
        instance_loader_class = BaseInstanceLoader
        import_id_fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, table: ListTable, author: Author) -> None:
        super().__init__()
        self.table, self.author = table, author
        self.outcomes: list[Outcome] = []

    def get_or_init_instance(self, instance_loader: Any, row: dict[str, str]) -> tuple[dict[str, str], bool]:
        return row, True

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None: ...

    def validate_instance(self, instance: Any, *args: Any, **kwargs: Any) -> None: ...

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None: ...

    def skip_row(self, instance: Any, *args: Any) -> bool:
        return False

    def do_instance_save(self, instance: dict[str, str], is_create: bool) -> None:
        values = {name: value for name, value in instance.items() if name != NUMBER}
        self.outcomes.append(self.table.write(self.author, values))


def bring_in(table: ListTable, data: bytes, author: Author, *, dry_run: bool) -> Imported:
    """All rows of the file, or none. Raises BadTable with row and column of everything that is wrong."""
    read = read_table(data, table.columns)
    if len(read.rows) > table.most_rows:
        raise whole(_("It has more than %(most)d rows. Cut it in parts.") % {"most": table.most_rows})
    engine = _Rows(table, author)
    result = engine.import_data(_dataset(read, table), dry_run=dry_run)
    if result.base_errors:
        raise result.base_errors[0].error
    problems = [_problem(table, read.rows[number - 1], errors[0].error) for number, errors in result.row_errors()]
    if problems:
        raise BadTable(problems)
    if not dry_run:
        table.afterwards(author, engine.outcomes)
    return Imported(engine.outcomes, read.unknown)


def _dataset(read: Table, table: ListTable) -> Any:
    names = [column.name for column in table.columns if column.name in read.present]
    found = tablib.Dataset(headers=[NUMBER, *names])
    for row in read.rows:
        found.append([row.number, *(row.values[name] for name in names)])
    return found


def _problem(table: ListTable, row: Row, error: Exception) -> Problem:
    """What a verb refused, by the row's and the column's own names; a fault of ours goes on as one."""
    if not isinstance(error, DomainError):
        raise error
    column = next((one.heading for one in table.columns if one.name == error.field), "")
    return Problem(row.number, column, str(error))
