"""The shape of what the desk sends. What it means is the verbs' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tickets.actions.assign import ANYBODY
from tickets.cards import OFFER, ORDER, PRODUCT, check_card
from tickets.clocks.snooze import For
from tickets.desk.models import Presence
from tickets.incoming import Upload, read_uploads
from tickets.queries.queue import Filters


class ReplyForm(forms.Form):
    body = forms.CharField(required=False, strip=False)
    client_key = forms.CharField(max_length=100)
    seen_seq = forms.IntegerField(min_value=0)
    then_close = forms.BooleanField(required=False)
    card = forms.ChoiceField(choices=[(kind, kind) for kind in (OFFER, PRODUCT, ORDER)], required=False)
    as_is = forms.BooleanField(required=False)  # {variables} that are left in it are meant


class NoteForm(forms.Form):
    body = forms.CharField(required=False, strip=False)
    client_key = forms.CharField(max_length=100)


class AssignForm(forms.Form):
    assignee = forms.RegexField(r"\A(me|\d{1,18})?\Z", required=False)
    was = forms.RegexField(r"\A\d{1,18}\Z", required=False)  # who had it on screen, empty for nobody

    def clean_was(self) -> int | None:
        return int(self.cleaned_data["was"] or 0) or None if "was" in self.data else ANYBODY


class CategoryForm(forms.Form):
    category = forms.CharField(max_length=20, required=False)
    was = forms.CharField(max_length=20, required=False)  # what was on screen

    def clean_was(self) -> str | None:
        return self.cleaned_data["was"] if "was" in self.data else None

    def clean(self) -> None:
        if "category" not in self.data:
            self.add_error("category", _("Say which, or none."))


class MoodForm(forms.Form):
    mood = forms.CharField(max_length=10)
    was = forms.CharField(max_length=10, required=False)  # what was on screen
    seen_seq = forms.IntegerField(min_value=0, required=False)

    def clean_was(self) -> str | None:
        return self.cleaned_data["was"] or None


class TransferForm(AssignForm):
    assignee = forms.RegexField(r"\A\d{1,18}\Z")
    note = forms.CharField(required=False, strip=False)
    line = forms.CharField(required=False, strip=False)
    client_key = forms.CharField(max_length=90)
    seen_seq = forms.IntegerField(min_value=0, required=False)


class PresenceForm(forms.Form):
    """A state, or that the loss of chats was heard of. Who says when they are back is away."""

    status = forms.CharField(required=False, max_length=10)
    back_in = forms.IntegerField(required=False)
    heard = forms.BooleanField(required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("back_in") is not None:
            self.cleaned_data["status"] = Presence.Status.AWAY


class OrderForm(forms.Form):
    order = forms.ChoiceField(choices=[(one, one) for one in Filters.ORDERS])


class CloseForm(forms.Form):
    seen_seq = forms.IntegerField(min_value=0, required=False)


class SnoozeForm(forms.Form):
    until = forms.ChoiceField(choices=[(one, one) for one in For], required=False)  # empty: back into the queue


_CARD_FIELDS: dict[str, tuple[str, ...]] = {
    PRODUCT: ("title", "price", "url"),
    ORDER: ("number", "status", "items", "total", "url"),
}


def card_of(kind: str, request: HttpRequest, body: str) -> dict[str, Any] | None:
    """The card that the reply's form describes by `kind`; None where it describes none.

    Raises Invalid with the form's own field: `card_option`, `card_product_title` and so on, or `body` for an offer
    that asks nothing.
    """
    if not kind:
        return None
    if kind == OFFER:
        labels = [label.strip() for label in request.POST.getlist("card_option") if label.strip()]
        if not body.strip():
            raise Invalid(_("Ask the question in the text; the choices answer it."), field="body")
        card: dict[str, Any] = {"type": OFFER, "options": [{"label": label} for label in labels]}
    else:
        card = {"type": kind, **{n: request.POST.get(f"card_{kind}_{n}", "").strip() for n in _CARD_FIELDS[kind]}}
    try:
        return check_card(card)
    except Invalid as error:
        raise Invalid(error.message, field=_field_at_fault(card)) from error


def _field_at_fault(card: dict[str, Any]) -> str:
    """Which input of the form a refused card fails by: the one without which everything is well, else the first."""
    if card["type"] == OFFER:
        return "card_option"
    first, *_rest = names = _CARD_FIELDS[card["type"]]
    wanting = first if not card[first] else next((name for name in names if not _is_well(name, card[name])), first)
    return f"card_{card['type']}_{wanting}"


def _is_well(name: str, text: str) -> bool:
    try:
        check_card({"type": PRODUCT, "title": "-", ("url" if name == "url" else "price"): text})
    except Invalid:
        return False
    return True


def read(form_class: type[forms.Form], request: HttpRequest) -> dict[str, Any]:
    """The form's values, or Invalid with the first field at fault."""
    form = form_class(request.POST)
    if form.is_valid():
        return form.cleaned_data
    field, messages = next(iter(form.errors.items()))
    raise Invalid(_("This value can’t be used. %(reason)s") % {"reason": messages[0]}, field=str(field))


def uploads(request: HttpRequest) -> tuple[Upload, ...]:
    return read_uploads(request.FILES.getlist("files"))
