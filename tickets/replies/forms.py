"""The shape of what the desk sends about quick replies."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from knowledge.actions.write_item import LONGEST_FOLDER
from knowledge.content.reply import LONGEST_SHORTCUT
from tenants.errors import Invalid
from tickets.incoming import MOST_FILES

MOST_USED: Final = 20  # of one answer
LANGUAGES: Final = ("zh", "en")


class NoSuchPicture(Invalid):
    code = "no_such_picture"
    message = _("A picture of this quick reply is there no more. Take it out, then send.")


class KeepForm(forms.Form):
    """A text that an agent keeps as a reply of their own, in the language that it is written in."""

    language = forms.ChoiceField(choices=[(language, language) for language in LANGUAGES])
    title = forms.CharField(required=False, strip=False)
    body = forms.CharField(required=False, strip=False)
    shortcut = forms.CharField(required=False, max_length=LONGEST_SHORTCUT)
    folder = forms.CharField(required=False, max_length=LONGEST_FOLDER)


class DraftForm(forms.Form):
    body = forms.CharField(required=False, strip=False)


def content_of(kept: dict[str, Any]) -> dict[str, Any]:
    """What a KeepForm says, as knowledge.content reads it."""
    language = kept["language"]
    return {"title": {language: kept["title"]}, "body": {language: kept["body"]}, "shortcut": kept["shortcut"]}


def used_of(request: HttpRequest) -> tuple[int, ...]:
    """The ids of the quick replies that an answer was made of. Raises Invalid (`used`)."""
    asked = request.POST.getlist("used")
    if len(asked) > MOST_USED or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in asked):
        raise Invalid(_("There is no such quick reply."), field="used")
    return tuple(dict.fromkeys(int(text) for text in asked))


def pictures_of(request: HttpRequest) -> tuple[UUID, ...]:
    """The library's pictures that go with an answer. Raises Invalid (`picture`)."""
    try:
        asked = tuple(UUID(text) for text in request.POST.getlist("picture")[: MOST_FILES + 1])
    except ValueError:
        raise NoSuchPicture(field="picture") from None
    return tuple(dict.fromkeys(asked))


def language_of(request: HttpRequest, buyers: str) -> str:
    """The language asked for, else the buyer's, else the reader's own. Raises Invalid (`language`)."""
    asked = request.GET.get("language", "")
    if asked and asked not in LANGUAGES:
        raise Invalid(_("There are zh and en."), field="language")
    return asked or (buyers if buyers in LANGUAGES else "") or request.LANGUAGE_CODE[:2]
