"""The shape of what the desk sends about an SOP. What it means is the verbs' business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms
from django.http import HttpRequest

from tickets.incoming import Upload, read_uploads

EVIDENCE = "evidence."


class StartForm(forms.Form):
    item = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class StepForm(forms.Form):
    run = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    step = forms.RegexField(r"\A[a-z0-9_-]{1,40}\Z")
    edge = forms.IntegerField(min_value=0, max_value=100, required=False)


class SkipForm(StepForm):
    reason = forms.CharField(required=False)


class StopForm(forms.Form):
    run = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = forms.CharField(required=False)


def evidence_of(request: HttpRequest) -> Mapping[str, str]:
    """`evidence.photo=…` → {photo: …}."""
    return {name[len(EVIDENCE) :]: request.POST[name] for name in request.POST if name.startswith(EVIDENCE)}


def pictures_of(request: HttpRequest) -> Mapping[str, Sequence[Upload]]:
    """The uploads under the same names."""
    names = [name for name in request.FILES if name.startswith(EVIDENCE)]
    return {name[len(EVIDENCE) :]: read_uploads(request.FILES.getlist(name)) for name in names}
