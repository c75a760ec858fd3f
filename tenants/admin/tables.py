"""People, their stores and stores as tables: to be taken away, and to ask many in at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.actions.change_member import change_member
from tenants.actions.give_stores import give_stores
from tenants.actions.invite_person import invite_person
from tenants.admin_site.author import Author
from tenants.admin_site.transfer import ListTable, Outcome
from tenants.errors import Invalid
from tenants.invitation import send_invitation
from tenants.models.people import Role
from tenants.queries.people import PersonLine, account_of, line_by_email, slugs_by_person, store_ids
from tenants.tables.reading import Column

ROLES = (Role.OWNER, Role.LEAD, Role.AGENT)
EMAIL = (_("E-mail"), "E-mail", "邮箱", "电子邮箱", "Email")
STORE = (_("short name"), "Store", "店铺", "Slug", "店铺标识")
ALIAS = (_("alias"), "Alias", "对外称呼", "花名")
NAME = (pgettext_lazy("of a person", "name"), "Name", "姓名", "名称")
ROLE = (_("role"), "Role", "角色")


class PeopleTable(ListTable):
    """A row asks somebody in, or gives who works here more stores and, by an owner, another role."""

    columns = (
        Column("email", EMAIL, is_required=True, most_letters=254),
        Column("name", NAME, most_letters=80),
        Column("role", ROLE, most_letters=20),
        Column("stores", (_("stores"), "Stores", "店铺"), most_letters=10_000),
        Column("alias", ALIAS, most_letters=40),
    )
    file_name = "people"
    can_import = True
    most_rows = 500

    def out(self, rows: Any) -> Iterable[Sequence[Any]]:
        people = list(rows)
        slugs = slugs_by_person([row.user_id for row in people], people[0].agency_id) if people else {}
        for row in people:
            yield row.user.email, row.user.name, str(Role(row.role)), " ".join(slugs.get(row.user_id, ())), ""

    def write(self, author: Author, values: dict[str, str]) -> Outcome:
        stores = _stores(author, values.get("stores", ""))
        found = line_by_email(author.agency_id, values["email"])
        if found is None:
            return self._ask_in(author, values, stores)
        if (role := values.get("role", "")) and _role(role) != found.role:
            change_member(found.member, role=_role(role), by=author.person, now=author.now)
        if stores and found.role == Role.AGENT:
            alias = values.get("alias", "")
            give_stores(
                author.agency_id, people=[found.user_id], stores=stores, alias=alias, by=author.person, now=author.now
            )
        after = line_by_email(author.agency_id, values["email"])
        return Outcome(found.name, _told(found), _told(after) if after else "")

    def _ask_in(self, author: Author, values: dict[str, str], stores: list[int]) -> Outcome:
        invited = invite_person(
            author.agency_id,
            email=values["email"],
            name=values.get("name", ""),
            role=_role(values.get("role", "") or Role.AGENT),
            stores=stores,
            alias=values.get("alias", ""),
            by=author.person,
            now=author.now,
        )
        after = line_by_email(author.agency_id, values["email"])
        told = _told(after) if after else ""
        return Outcome(values.get("name") or values["email"], "", told, made=invited.member.user_id)

    def afterwards(self, author: Author, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.made is not None:
                send_invitation(author.caller.place, account_of(outcome.made), by=author.person)


class GivenTable(ListTable):
    """Who has which store: taken away. It comes in by PeopleTable."""

    columns = (
        Column("email", EMAIL),
        Column("name", NAME),
        Column("store", STORE),
        Column("role", ROLE),
        Column("alias", ALIAS),
    )
    file_name = "stores-of-people"

    def out(self, rows: Any) -> Iterable[Sequence[Any]]:
        for row in rows:
            yield row.user.email, row.user.name, row.store.slug, str(Role(row.role)), row.alias


class StoresTable(ListTable):
    columns = (
        Column("slug", STORE),
        Column("name", (_("name"), "Name", "名称")),
        Column("marketplace", (_("marketplace"), "Marketplace", "平台")),
        Column("state", (_("state"), "State", "状态")),
        Column("agents", (_("agents"), "Agents", "客服人数")),
        Column("time_zone", (_("time zone"), "Time zone", "时区")),
    )
    file_name = "stores"

    def out(self, rows: Any) -> Iterable[Sequence[Any]]:
        for row in rows:
            yield row.slug, row.name, row.get_marketplace_display(), row.state, row.people_count, row.time_zone


def _role(text: str) -> str:
    """By its word in the code, or in either language. Raises Invalid."""
    plain = text.strip().casefold()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words = {str(role.label).casefold(): str(role) for role in ROLES}
        if plain in words:
            return words[plain]
    if plain in ROLES:
        return plain
    raise Invalid(gettext("Roles are: owner, lead, agent."), field="role")


def _stores(author: Author, text: str) -> list[int]:
    """By their short names, with spaces or commas between. Raises Invalid, which names those that are not there."""
    wanted = [slug for slug in re.split(r"[\s,，、;；]+", text) if slug]
    known = store_ids(author.agency_id, wanted)
    if missing := [slug for slug in wanted if slug not in known]:
        raise Invalid(gettext("There is no store “%(slug)s”.") % {"slug": missing[0]}, field="stores")
    return list(known.values())


def _told(person: PersonLine) -> str:
    stores = ", ".join(name for _pk, name in person.stores)
    role = str(Role(person.role).label)
    return f"{role}: {stores}" if stores else role
