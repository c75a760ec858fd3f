"""The form of a quick reply: what it says in both languages, and for whom it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.actions.write_item import Place
from knowledge.categories import Category
from knowledge.models import Audience, Item, Layer
from knowledge.queries.places import Places
from tenants.admin_site.chooser import ChooserField
from tenants.models import Store

_LAYERS = {
    Layer.AGENCY: _("all stores, once it is published"),
    Layer.PLATFORM: _("the stores of a marketplace, once it is published"),
    Layer.STORE: _("one store, once it is published"),
    Layer.TEAM: _("a team, at once"),
    Layer.PERSONAL: _("me, at once"),
}
_TEXTS = ("title_zh", "title_en", "body_zh", "body_en")


class ReplyForm(forms.Form):
    title_zh = forms.CharField(label=_("Title"), required=False, strip=False)
    title_en = forms.CharField(label=_("Title"), required=False, strip=False)
    body_zh = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea)
    body_en = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea)
    shortcut = forms.CharField(label=_("Shortcut"), required=False, strip=False)
    folder = forms.CharField(label=_("Folder"), required=False)
    categories = forms.MultipleChoiceField(
        label=_("Kinds of tickets"), choices=Category.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    layer = forms.ChoiceField(label=_("Written for"))
    team = forms.TypedChoiceField(label=_("Team"), coerce=int, empty_value=None, required=False)
    marketplace = forms.ChoiceField(
        label=_("Marketplace"), choices=[("", "–"), *Store.Marketplace.choices], required=False
    )
    store = ChooserField("stores", label=_("Store"), required=False)

    def __init__(self, *args: Any, places: Places, agency_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layer"].choices = [(layer, _LAYERS[Layer(layer)]) for layer in places.layers]  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", "–"), *places.teams]  # type: ignore[attr-defined]
        self.fields["store"].of(agency_id)  # type: ignore[attr-defined]

    def content(self, pictures: list[str]) -> dict[str, Any]:
        """As knowledge.content reads it."""
        told = self.cleaned_data
        return {
            "title": {"zh": told["title_zh"], "en": told["title_en"]},
            "body": {"zh": told["body_zh"], "en": told["body_en"]},
            "shortcut": told["shortcut"],
            "pictures": pictures,
        }

    def place(self, person_id: int, item: Item | None) -> Place:
        told = self.cleaned_data
        stores = list(told["store"] or ())
        return Place(
            layer=told["layer"],
            person_id=person_id,
            team_id=told["team"],
            marketplace=told["marketplace"],
            store_id=stores[0].pk if len(stores) == 1 else None,
            folder=told["folder"],
            categories=tuple(told["categories"]),
            audience=item.audience if item else Audience.STAFF,
            keeper_id=item.keeper_id if item else None,
            review_on=item.review_on if item else None,
        )

    def refuse(self, field: str | None, message: str) -> None:
        """What a verb refused, beside the input that it means: `body.zh` is `body_zh`."""
        name = (field or "").replace(".", "_")
        known = name if name in self.fields else {"title": "title_zh", "body": "body_zh"}.get(name)
        self.add_error(known, message)


def initial_of(item: Item, content: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of an item whose content is this."""
    texts = {f"{part}_{language}": content[part][language] for part in ("title", "body") for language in ("zh", "en")}
    return {
        **texts,
        "shortcut": content["shortcut"],
        "folder": item.folder,
        "categories": item.categories,
        "layer": item.layer,
        "team": item.team_id or "",
        "marketplace": item.marketplace,
        "store": [item.store_id] if item.store_id else [],
    }


def ids_in(values: list[str]) -> list[str]:
    """Those of the values that are ids of pictures, each once, in order."""
    found = []
    for value in values:
        try:
            found.append(str(UUID(value)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
