"""What is typed on the pages of exams and questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.certification.actions.set_question import MOST_CHOICES, Choice, Wanted, true_or_false
from tickets.certification.models import Exam, Question


class ExamForm(forms.Form):
    name_zh = forms.CharField(label=_("name in Chinese"), max_length=120, required=False)
    name_en = forms.CharField(label=_("name in English"), max_length=120, required=False)
    all_stores = forms.BooleanField(label=_("all stores, later ones too"), required=False)
    stores = forms.TypedMultipleChoiceField(
        label=_("or these stores"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    sops = forms.TypedMultipleChoiceField(
        label=_("SOPs that it is about"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where a store gets a newer version of one of them, certificates lapse there by themselves."),
    )
    asks = forms.IntegerField(
        label=_("questions of a sitting"),
        min_value=1,
        max_value=100,
        initial=10,
        help_text=_("Drawn from those that are on, each SOP in its turn."),
    )
    pass_mark = forms.IntegerField(
        label=_("pass mark"), min_value=1, max_value=100, initial=80, help_text=_("Per cent of the questions.")
    )
    minutes = forms.IntegerField(
        label=_("time for it"), min_value=1, max_value=240, initial=20, help_text=_("Minutes.")
    )
    wait_minutes = forms.IntegerField(
        label=_("wait before another try"),
        min_value=0,
        max_value=43_200,
        initial=60,
        help_text=_("Minutes, after a try that was not passed."),
    )

    def __init__(
        self, *args: Any, stores: Iterable[tuple[int, str]], sops: Iterable[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stores"].choices = list(stores)  # type: ignore[attr-defined]
        self.fields["sops"].choices = list(sops)  # type: ignore[attr-defined]


def initial_of(exam: Exam, stores: list[int], sops: list[int]) -> dict[str, Any]:
    plain = ("name_zh", "name_en", "all_stores", "asks", "pass_mark", "minutes", "wait_minutes")
    return {**{name: getattr(exam, name) for name in plain}, "stores": stores, "sops": sops}


# What the page calls the columns of a question.
QUESTION_LABELS: Final = {
    "kind": _("Kind"),
    "text_zh": _("Question in Chinese"),
    "text_en": _("Question in English"),
    "choices": _("Choices"),
    "why_zh": _("Explanation in Chinese"),
    "why_en": _("Explanation in English"),
    "sop_id": pgettext_lazy("a question", "About"),
    "step": pgettext_lazy("a question", "About"),
}


def typed_question(sent: QueryDict) -> Wanted:
    """What was sent, whether it is sound or not."""
    kind = sent.get("kind", Question.Kind.SINGLE)
    right = {int(place) for place in sent.getlist("right") if place in "123456" and place}
    choices = []
    for place in range(1, MOST_CHOICES + 1):
        zh, en = (sent.get(f"choice.{place}.{language}", "").strip() for language in ("zh", "en"))
        if zh or en:
            choices.append(Choice(zh, en, place in right))
    if kind == Question.Kind.TRUTH:
        choices = list(true_or_false(sent.get("truth") != "false"))
    sop, _colon, step = sent.get("about", "").partition(":")
    texts = {name: sent.get(name, "").strip() for name in ("text_zh", "text_en", "why_zh", "why_en")}
    is_number = sop.isascii() and sop.isdecimal() and len(sop) < 19
    return Wanted(kind, choices=tuple(choices), sop=int(sop) if is_number else None, step=step, **texts)


def question_as_typed(question: Question) -> Wanted:
    choices = tuple(Choice(one["zh"], one["en"], one["is_right"]) for one in question.choices)
    texts = {name: getattr(question, name) for name in ("text_zh", "text_en", "why_zh", "why_en", "step")}
    return Wanted(question.kind, choices=choices, sop=question.sop_id, **texts)
