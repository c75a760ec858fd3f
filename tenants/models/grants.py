"""What each role of the database may do with a public table. A model without grants is out of everybody's reach.

Rows are narrowed by row security on top, by itself: `tenants.fleet.fence` writes a policy for every public table that
refers to an agency or a store. Foreign keys are checked with the owner's powers and need no grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EVERYTHING: Final = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Grants:
    """Privileges as GRANT spells them, columns in parentheses: `SELECT (id, name), UPDATE (name)`."""

    door: str = ""  # the bare login, before a place is known
    desk: str = ""  # a request at an agency's or a store's host
    store: str = ""  # inside an entered store
    reader: str = ""  # beside what is read across the stores of an agency
    operator: str = EVERYTHING
    whole_agency: bool = False  # rows about an agency's stores together: not for the hosts of single ones
