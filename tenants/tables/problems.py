"""What is wrong with an uploaded table, said so that it can be found: row and column as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import Invalid

TOLD: Final = 50  # problems that are named; of more it is said how many there are


@dataclass(frozen=True)
class Problem:
    """`row` as a spreadsheet counts, 0 where it is the whole file; `column` by its heading, or empty."""

    row: int
    column: str | Promise
    message: str | Promise

    def __str__(self) -> str:
        if self.row and self.column:
            said = _("Row %(row)d, column “%(column)s”: %(message)s")
        elif self.row:
            said = _("Row %(row)d: %(message)s")
        elif self.column:
            said = _("Column “%(column)s”: %(message)s")
        else:
            said = "%(message)s"
        return said % {"row": self.row, "column": self.column, "message": self.message}


class BadTable(Invalid):
    """The upload can't be used as it is; nothing of it was. `problems` names the places, the first TOLD of them."""

    code = "bad_table"
    message = gettext_lazy("This table can't be used.")

    def __init__(self, problems: Sequence[Problem] = (), *, field: str = "file") -> None:
        self.problems = tuple(problems[:TOLD])
        self.more = max(0, len(problems) - TOLD)
        if not problems:
            super().__init__()
            return
        details = {
            "problems": [{"row": p.row, "column": p.column, "message": p.message} for p in self.problems],
            "more": self.more,
        }
        super().__init__("\n".join(str(problem) for problem in self.problems), field=field, details=details)


def whole(message: str) -> BadTable:
    """About the file and no cell of it."""
    return BadTable([Problem(0, "", message)])
