"""Where an SOP belongs: the form, and from it the Place that a verb is given."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.actions.write_item import Place
from knowledge.categories import Category
from knowledge.models import Item, Layer
from tenants.models import Store
from tenants.queries.people import members_of

_LAYERS = [
    (Layer.AGENCY, _("all stores")),
    (Layer.PLATFORM, _("the stores of a marketplace")),
    (Layer.STORE, _("one store")),
]


class PlaceForm(forms.Form):
    categories = forms.MultipleChoiceField(
        label=_("Kinds of tickets"), choices=Category.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    layer = forms.ChoiceField(label=_("Written for"), choices=_LAYERS)
    marketplace = forms.ChoiceField(
        label=_("Marketplace"), choices=[("", "–"), *Store.Marketplace.choices], required=False
    )
    folder = forms.CharField(label=_("Folder"), required=False, max_length=200)
    keeper = forms.TypedChoiceField(label=_("Who looks after it"), coerce=int, empty_value=None, required=False)
    review_on = forms.DateField(
        label=_("To be read again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, agency_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(person.pk, str(person)) for person in members_of(agency_id)]
        self.fields["keeper"].choices = [("", "–"), *people]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, item: Item, agency_id: int) -> PlaceForm:
        names = ("categories", "layer", "marketplace", "folder", "review_on")
        initial = {name: getattr(item, name) for name in names}
        return cls(initial={**initial, "keeper": item.keeper_id or ""}, agency_id=agency_id)

    def place(self, item: Item) -> Place:
        """A store's own SOP stays that store's: it is made there."""
        told = self.cleaned_data
        return Place(
            layer=told["layer"],
            marketplace=told["marketplace"],
            store_id=item.store_id,
            folder=told["folder"],
            categories=tuple(told["categories"]),
            audience=item.audience,
            keeper_id=told["keeper"],
            review_on=told["review_on"],
        )
