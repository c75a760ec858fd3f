"""Comparing every store's schema with the template, and naming every difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tenants.fleet import ledger, template
from tenants.fleet.catalogue import Difference, differences, facts_of
from tenants.fleet.dark import hidden_name
from tenants.fleet.ledger import Entry
from tenants.fleet.owner import Connection, owner_connection
from tenants.fleet.template import TEMPLATE

AT_ONCE: Final = 500  # schemas in one reading

# What a store's role and its agency's reader hold there, as catalogue.facts_of prints it.
_STORE, _READER = "store DELETE, INSERT, SELECT, UPDATE", "agency SELECT"
_USAGE: Final = ("agency USAGE", "store USAGE")
MIGRATIONS: Final = "django_migrations"


@dataclass
class Found:
    """What is not as it should be; stores by their short names. Only stores at head are compared with the template."""

    compared: int = 0
    differences: dict[str, list[Difference]] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # stores whose schema is gone
    strangers: list[str] = field(default_factory=list)  # schemas that look like a store's and are none's

    @property
    def is_good(self) -> bool:
        return not (self.differences or self.behind or self.missing or self.strangers)


def verify_fleet(told: Callable[[int, int], None] = lambda _done, _total: None) -> Found:
    """Reads the catalogue; changes nothing. `told(done, total)` after each AT_ONCE stores."""
    found = Found()
    with owner_connection() as connection:
        head = template.code_head()
        entries = ledger.entries(connection)
        standing = _schemas(connection)
        found.missing = [entry.slug for entry in entries if entry.schema not in standing]
        found.strangers = sorted(standing - _of_stores(connection))
        found.behind = [entry.slug for entry in entries if entry.at != head and entry.schema in standing]
        comparable = [entry for entry in entries if entry.at == head and entry.schema in standing]
        expected = expected_facts(connection)
        for begin in range(0, len(comparable), AT_ONCE):
            some = comparable[begin : begin + AT_ONCE]
            _compare(connection, some, expected, found)
            told(found.compared, len(comparable))
    return found


def _compare(connection: Connection, entries: list[Entry], expected: dict[str, str], found: Found) -> None:
    facts = facts_of(connection, [entry.schema for entry in entries])
    unread = _without_their_reader(connection, [entry.store for entry in entries])
    for entry in entries:
        wrong = differences(expected, facts[entry.schema])
        if entry.store in unread:
            wrong.append(Difference("missing", "its own agency's right to read", "USAGE", ""))
        if wrong:
            found.differences[entry.slug] = wrong
    found.compared += len(entries)


def expected_facts(connection: Connection) -> dict[str, str]:
    """The template's facts, with what roles hold in a store and not in the template."""
    facts = facts_of(connection, [TEMPLATE])[TEMPLATE]
    owner = facts["schema"].split(" ")[0]
    for name in list(facts):
        if name.startswith("table "):
            table = name.removeprefix("table ")
            held = f"privileges on {table}"
            facts[held] = _together(facts[held], _READER, *([] if table == MIGRATIONS else [_STORE]))
    facts["schema"] = _together(facts["schema"], *_USAGE)
    facts[f"default privileges of {owner} on tables"] = _together(_READER, f"{owner} OWNER", _STORE)
    return facts


def _together(*held: str) -> str:
    return "; ".join(sorted(held))


def _schemas(connection: Connection) -> set[str]:
    """Those that look like a store's."""
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(archived_)?s_[0-9a-z]+$'")
    return {name for (name,) in rows}


def _of_stores(connection: Connection) -> set[str]:
    """Those of every store, whatever its state: as it is called, and as it is while archived."""
    names = [name for (name,) in connection.execute("SELECT schema_name FROM public.tenants_store")]
    return {*names, *map(hidden_name, names)}


def _without_their_reader(connection: Connection, stores: list[int]) -> set[int]:
    """Stores in whose schema their own agency's role may not read: whose role it is, the facts don't tell."""
    rows = connection.execute(
        "SELECT store.id FROM public.tenants_store store JOIN public.tenants_agency agency ON agency.id = agency_id"
        " WHERE store.id = ANY(%s) AND (to_regrole(database_role) IS NULL"
        " OR NOT has_schema_privilege(database_role, schema_name, 'USAGE'))",
        [stores],
    )
    return {pk for (pk,) in rows}
