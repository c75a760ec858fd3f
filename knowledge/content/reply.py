"""A quick reply 话术: what an agent says often, with {variables} and pictures, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from knowledge.content.text import LONGEST_TITLE, Text, clean, required, text_of
from tenants.errors import Invalid

LONGEST_SHORTCUT: Final = 40
MOST_PICTURES: Final = 5
# What a reply may name, and what stands there when it is sent. Anything else in braces is text.
VARIABLES: Final = {
    "buyer": _("the buyer's name"),
    "store": _("the store's name"),
    "agent": _("the name the buyer knows you by"),
    "order": _("the order's number"),
    "product": _("the product's name"),
    "tracking": _("the parcel's number"),
    "carrier": _("the carrier"),
    "amount": _("an amount of money"),
    "date": _("a date"),
    "time": _("a time"),
}
# What stands for them where a reply is only looked at: (zh, en).
EXAMPLES: Final = {
    "buyer": ("林女士", "Ms Lin"),
    "store": ("青禾家居旗舰店", "Qinghe Home"),
    "agent": ("小青", "Lily"),
    "order": ("2026 1120 8841", "2026 1120 8841"),
    "product": ("水洗棉四件套", "washed cotton bed set"),
    "tracking": ("7731 0268 9150", "7731 0268 9150"),
    "carrier": ("云驿快递", "Cloudway Express"),
    "amount": ("59 元", "¥59"),
    "date": ("11 月 26 日", "26 November"),
    "time": ("今天 18:00", "6 pm today"),
}
_VARIABLE = re.compile(r"\{([a-z_]{1,20})\}")


@dataclass(frozen=True)
class Reply:
    title: Text
    body: Text
    shortcut: str = ""
    pictures: tuple[str, ...] = ()  # ids of knowledge pictures, in order

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that it names, each once, in order."""
        return variables_of(self.body.zh + self.body.en)


def read_reply(data: Mapping[str, Any]) -> Reply:
    """From JSON. Raises Invalid with the field."""
    body = required(text_of(data, "body"), "body")
    for language, words in (("zh", body.zh), ("en", body.en)):
        check_variables(words, f"body.{language}")
    return Reply(
        title=required(text_of(data, "title", most=LONGEST_TITLE), "title"),
        body=body,
        shortcut=clean(data.get("shortcut", ""), "shortcut", most=LONGEST_SHORTCUT),
        pictures=_pictures(data.get("pictures") or []),
    )


def variables_of(words: str) -> tuple[str, ...]:
    """The names in braces, each once, in order: known ones and unknown ones."""
    return tuple(dict.fromkeys(_VARIABLE.findall(words)))


def check_variables(words: str, field: str) -> None:
    """Raises Invalid (`field`) for a {name} that nothing could ever fill."""
    for name in variables_of(words):
        if name not in VARIABLES:
            known = ", ".join(f"{{{known}}}" for known in VARIABLES)
            raise Invalid(
                _("Nothing is called {%(name)s}. There are: %(known)s") % {"name": name, "known": known}, field=field
            )


def fill(words: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with what is known in it, and the names of what is missing. Replaced once, never interpreted.

    An empty value is known to be nothing, and leaves nothing behind.
    """
    missing = tuple(name for name in variables_of(words) if name in VARIABLES and name not in values)
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), words).strip(), missing


def unfill(words: str, values: Mapping[str, str]) -> str:
    """The other way round: a text that was written for one buyer, with variables where it says what is theirs."""
    for name, value in sorted(values.items(), key=lambda pair: -len(pair[1])):
        if len(value) > 1:
            words = words.replace(value, f"{{{name}}}")
    return words


def without_variables(words: str) -> str:
    """What is said besides them: the language of a text is read off that."""
    return _VARIABLE.sub("", words)


def _pictures(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_PICTURES:
        raise Invalid(_("There may be %(most)d pictures at most.") % {"most": MOST_PICTURES}, field="pictures")
    try:
        return tuple(str(UUID(str(name))) for name in value)
    except ValueError:
        raise Invalid(_("There is no such picture."), field="pictures") from None
