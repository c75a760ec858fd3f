"""What is said twice, in Chinese and in English; and how fields are read off JSON, each refusal naming its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.errors import Invalid

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 5_000
LONGEST_BODY: Final = 60_000  # in Markdown; the worst of that length is drawn in a second


@dataclass(frozen=True)
class Text:
    """The same words in both languages. One may be empty where only the other is written."""

    zh: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)

    def in_language(self, language: str) -> str:
        """In the language asked for (`zh-hans`, `zh`, `en`), else in the other."""
        return (self.zh or self.en) if language.lower().startswith("zh") else (self.en or self.zh)


NOTHING: Final = Text()


def text_of(data: Mapping[str, Any], name: str, *, where: str = "", most: int = LONGEST_TEXT) -> Text:
    """`data[name]` as {"zh": …, "en": …}; missing is empty. Raises Invalid with the field `where.name.language`."""
    value = data.get(name) or {}
    if not isinstance(value, Mapping):
        raise Invalid(_("Both languages are wanted here: zh and en."), field=path(where, name))
    read = {
        language: clean(value.get(language, ""), path(where, name, language), most=most) for language in ("zh", "en")
    }
    return Text(**read)


def required(text: Text, field: str) -> Text:
    """Raises Invalid unless it is written in one language at least."""
    if not text:
        raise Invalid(_("Write it in Chinese or in English."), field=field)
    return text


def clean(value: object, field: str, *, most: int = LONGEST_TEXT) -> str:
    """A text without NUL and lone surrogates, which PostgreSQL can't keep; trimmed. Raises Invalid (`field`)."""
    if not isinstance(value, str):
        raise Invalid(_("This is not a text."), field=field)
    text = value.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise Invalid(_("This text is longer than %(most)d characters.") % {"most": most}, field=field)
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(_("This text has a character that can't be kept."), field=field)
    return text


def listed(data: Mapping[str, Any], name: str, *, where: str = "", most: int) -> Sequence[Mapping[str, Any]]:
    """`data[name]` as a list of objects; missing is empty. Raises Invalid."""
    value = data.get(name) or []
    if not isinstance(value, list | tuple) or not all(isinstance(part, Mapping) for part in value):
        raise Invalid(_("This is not a list."), field=path(where, name))
    if len(value) > most:
        raise Invalid(_("There are more than %(most)d of these.") % {"most": most}, field=path(where, name))
    return value


def path(*parts: object) -> str:
    """steps, 2, title → `steps.2.title`; empty parts fall away."""
    return ".".join(str(part) for part in parts if part != "")
