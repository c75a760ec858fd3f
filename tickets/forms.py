"""The shape of what the desk sends. What it means is the verbs' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tickets.actions.assign import ANYBODY
from tickets.incoming import Upload, read_uploads


class ReplyForm(forms.Form):
    body = forms.CharField(required=False, strip=False)
    client_key = forms.CharField(max_length=100)
    seen_seq = forms.IntegerField(min_value=0)
    then_close = forms.BooleanField(required=False)


class NoteForm(forms.Form):
    body = forms.CharField(required=False, strip=False)
    client_key = forms.CharField(max_length=100)


class AssignForm(forms.Form):
    assignee = forms.RegexField(r"\A(me|\d{1,18})?\Z", required=False)
    was = forms.RegexField(r"\A\d{1,18}\Z", required=False)  # who had it on screen, empty for nobody

    def clean_was(self) -> int | None:
        return int(self.cleaned_data["was"] or 0) or None if "was" in self.data else ANYBODY


class CloseForm(forms.Form):
    seen_seq = forms.IntegerField(min_value=0, required=False)


def read(form_class: type[forms.Form], request: HttpRequest) -> dict[str, Any]:
    """The form's values, or Invalid with the first field at fault."""
    form = form_class(request.POST)
    if form.is_valid():
        return form.cleaned_data
    field, messages = next(iter(form.errors.items()))
    raise Invalid(_("This value can’t be used. %(reason)s") % {"reason": messages[0]}, field=str(field))


def uploads(request: HttpRequest) -> tuple[Upload, ...]:
    return read_uploads(request.FILES.getlist("files"))
