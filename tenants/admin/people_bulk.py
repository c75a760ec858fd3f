"""What is done with many people at once: stores given and taken, and asking those again who never came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Action
from tenants.actions.give_stores import give_stores, take_stores
from tenants.admin_site.author import Author
from tenants.admin_site.bulk import BulkAction, Done, Line
from tenants.admin_site.chooser import ChooserField
from tenants.invitation import send_invitation
from tenants.models.people import Role
from tenants.queries.people import PersonLine, account_of, person_lines


class StoresForm(forms.Form):
    stores = ChooserField("stores", label=gettext_lazy("stores"))


class GiveForm(StoresForm):
    alias = forms.CharField(
        label=gettext_lazy("alias"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("The name that buyers and the seller see. Empty: the store's own name."),
    )


class OfStores(BulkAction):
    """Stores on one side, people on the other; `_after` says what each has then."""

    action = Action.STAFF

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        chosen = {store.pk: store.name for store in values["stores"]}
        return [self._line(person, chosen) for person in person_lines(author.agency_id, ids)]

    def _line(self, person: PersonLine, chosen: dict[int, str]) -> Line:
        if person.role != Role.AGENT:
            return Line(person.name, _("every store"), refused=_("Owners and leads have every store already."))
        before = dict(person.stores)
        after = self._after(before, chosen)
        if after == before:
            return Line(person.name, _names(before), refused=_("Nothing changes."))
        return Line(person.name, _names(before), _names(after))

    def _after(self, before: dict[int, str], chosen: dict[int, str]) -> dict[int, str]:
        raise NotImplementedError

    def _agents(self, author: Author, ids: Sequence[int]) -> list[int]:
        return [person.user_id for person in person_lines(author.agency_id, ids) if person.role == Role.AGENT]


class GiveStores(OfStores):
    name = "give"
    label = gettext_lazy("Give stores")
    form = GiveForm

    def _after(self, before: dict[int, str], chosen: dict[int, str]) -> dict[int, str]:
        return {**before, **chosen}

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        lines = self.preview(author, ids, values)
        new = give_stores(
            author.agency_id,
            people=self._agents(author, ids),
            stores=[store.pk for store in values["stores"]],
            alias=values["alias"],
            by=author.person,
            now=author.now,
        )
        return Done(lines, undo=new)

    def undo(self, author: Author, kept: Any) -> list[Line]:
        pairs = [(person, store) for person, store in kept]
        taken = take_stores(author.agency_id, pairs=pairs, by=author.person, now=author.now)
        return _undone(pairs, taken)


class TakeStores(OfStores):
    name = "take"
    label = gettext_lazy("Take stores away")
    form = StoresForm
    is_danger = True

    def _after(self, before: dict[int, str], chosen: dict[int, str]) -> dict[int, str]:
        return {store: name for store, name in before.items() if store not in chosen}

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        lines = self.preview(author, ids, values)
        people, stores = self._agents(author, ids), [store.pk for store in values["stores"]]
        pairs = [(person, store) for person in people for store in stores]
        return Done(lines, undo=take_stores(author.agency_id, pairs=pairs, by=author.person, now=author.now))

    def undo(self, author: Author, kept: Any) -> list[Line]:
        pairs = [(person, store) for person, store in kept]
        given = [
            pair
            for store in sorted({store for _person, store in pairs})
            for pair in give_stores(
                author.agency_id,
                people=[person for person, of in pairs if of == store],
                stores=[store],
                by=author.person,
                now=author.now,
            )
        ]
        return _undone(pairs, given)


class AskAgain(BulkAction):
    name = "ask"
    label = gettext_lazy("Send the invitation again")
    action = Action.STAFF

    def preview(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> list[Line]:
        return [
            Line(person.name, refused=_("Has signed in already."))
            if person.has_signed_in
            else Line(person.name, after=_("a new link by e-mail"))
            for person in person_lines(author.agency_id, ids)
        ]

    def do(self, author: Author, ids: Sequence[int], values: dict[str, Any]) -> Done:
        lines = []
        for person in person_lines(author.agency_id, ids):
            if person.has_signed_in:
                lines.append(Line(person.name, refused=_("Has signed in already.")))
            elif send_invitation(author.caller.place, account_of(person.user_id), by=author.person):
                lines.append(Line(person.name, after=_("sent")))
            else:
                lines.append(Line(person.name, refused=_("The e-mail could not be sent.")))
        return Done(lines)


def _names(stores: dict[int, str]) -> str:
    return ", ".join(sorted(stores.values()))


def _undone(asked: Sequence[tuple[int, int]], did: Sequence[tuple[int, int]]) -> list[Line]:
    """A line for all of them: what was given and taken is seen in each person's history."""
    missed = len(set(asked) - set(did))
    lines = [Line(_("Stores of people"), after=_("%(count)d put back") % {"count": len(did)})] if did else []
    if missed:
        lines.append(Line(_("Stores of people"), refused=_("%(count)d were changed since.") % {"count": missed}))
    return lines
