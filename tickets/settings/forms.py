"""The shape of the chat widget's settings. What they mean is the verb's business."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tickets.chat.protocol import FIELDS
from tickets.models import ChatWidget

OFF, OPTIONAL, REQUIRED = "off", "optional", "required"
ASKED: Final = [(OFF, _("off")), (OPTIONAL, _("optional")), (REQUIRED, _("required"))]
LABELS: Final = {
    "name": _("Name"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "order": _("Order number"),
    "topic": _("Topic"),
}
NEW: Final = ChatWidget(is_on=True)  # what a store begins with; never saved


class WidgetForm(forms.Form):
    """Values as the page shows and sends them; `values` as the verb wants them."""

    is_on = forms.BooleanField(required=False)
    sites = forms.CharField(required=False, widget=forms.Textarea, max_length=20_000)
    color = forms.CharField(max_length=7)
    position = forms.ChoiceField(choices=[("right", _("right")), ("left", _("left"))])
    greeting_zh = forms.CharField(required=False, max_length=300)
    greeting_en = forms.CharField(required=False, max_length=300)
    consent_zh = forms.CharField(required=False, max_length=500)
    consent_en = forms.CharField(required=False, max_length=500)
    shows_typing = forms.BooleanField(required=False)
    sound = forms.BooleanField(required=False)

    def __init__(self, widget: ChatWidget | None, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=_initial(widget or NEW))
        for name in FIELDS:
            self.fields[f"ask_{name}"] = forms.ChoiceField(choices=ASKED, required=False)

    def asked(self) -> list[dict[str, Any]]:
        """The questions before a chat, for the template: name, label, and what is chosen."""
        return [{"name": name, "label": LABELS[name], "bound": self[f"ask_{name}"]} for name in FIELDS]

    def values(self) -> dict[str, Any]:
        """What tickets.actions.set_widget takes. Call it on a valid form."""
        given = dict(self.cleaned_data)
        asked = {name: given.pop(f"ask_{name}") for name in FIELDS}
        given["fields"] = [
            {"name": name, "required": how == REQUIRED} for name, how in asked.items() if how in (OPTIONAL, REQUIRED)
        ]
        given["sites"] = given["sites"].replace(",", "\n").splitlines()
        return given


def _initial(widget: ChatWidget) -> dict[str, Any]:
    asked = {field["name"]: REQUIRED if field["required"] else OPTIONAL for field in widget.fields}
    return {
        **{name: getattr(widget, name) for name in WidgetForm.base_fields if name != "sites"},
        **{f"ask_{name}": asked.get(name, OFF) for name in FIELDS},
        "sites": "\n".join(widget.sites),
    }
