"""Where an article belongs: the form, and from it the Place that a verb is given."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from knowledge.actions.write_item import Place
from knowledge.categories import Category
from knowledge.models import Audience, Item, Layer, Topic
from tenants.access import Caller, stores_for
from tenants.models import Store
from tenants.queries.people import members_of

MOST_STORES = 300  # that the field proposes; any other is written by its short name
_LAYERS = [
    (Layer.AGENCY, gettext_lazy("all stores")),
    (Layer.PLATFORM, gettext_lazy("the stores of a marketplace")),
    (Layer.STORE, gettext_lazy("one store")),
]


class PlaceForm(forms.Form):
    topic = forms.ChoiceField(
        label=pgettext_lazy("of an article", "Topic"), choices=[("", "–"), *Topic.choices], required=False
    )
    audience = forms.ChoiceField(label=gettext_lazy("Who may read it"), choices=Audience.choices)
    folder = forms.CharField(label=gettext_lazy("Folder"), required=False, max_length=200)
    layer = forms.ChoiceField(label=gettext_lazy("Written for"), choices=_LAYERS)
    marketplace = forms.ChoiceField(
        label=gettext_lazy("Marketplace"), choices=[("", "–"), *Store.Marketplace.choices], required=False
    )
    store = forms.CharField(
        label=gettext_lazy("Store"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "place-stores", "autocomplete": "off"}),
    )
    keeper = forms.TypedChoiceField(
        label=gettext_lazy("Who looks after it"), coerce=int, empty_value=None, required=False
    )
    review_on = forms.DateField(
        label=gettext_lazy("To be read again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of tickets"),
        choices=Category.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, caller: Caller, agency_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stores = stores_for(caller)
        people = [(person.pk, str(person)) for person in members_of(agency_id)]
        self.fields["keeper"].choices = [("", "–"), *people]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, item: Item, caller: Caller) -> PlaceForm:
        names = ("topic", "audience", "folder", "layer", "marketplace", "review_on", "categories")
        initial = {name: getattr(item, name) for name in names}
        store = item.store.slug if item.store else ""
        initial |= {"keeper": item.keeper_id or "", "store": store}
        return cls(initial=initial, caller=caller, agency_id=item.agency_id)

    @property
    def proposed(self) -> list[Store]:
        return self.stores[:MOST_STORES]

    def clean_store(self) -> Store | None:
        """By its short name or its name."""
        told = self.cleaned_data["store"].strip()
        if not told or self.data.get("layer") != Layer.STORE:
            return None
        found = [store for store in self.stores if told in (store.slug, store.name)]
        if len(found) != 1:
            raise forms.ValidationError(_("There is no store of this name."))
        return found[0]

    def place(self) -> Place:
        told = self.cleaned_data
        store = told["store"]
        return Place(
            layer=told["layer"],
            marketplace=told["marketplace"],
            store_id=store.pk if store else None,
            folder=told["folder"],
            topic=told["topic"],
            categories=tuple(told["categories"]),
            audience=told["audience"],
            keeper_id=told["keeper"],
            review_on=told["review_on"],
        )
