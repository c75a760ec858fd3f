"""A store's own text as a form: every text of a content in both languages, its structure left as it is. Pure."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from knowledge.content.text import path

LABELS: dict[str, Promise] = {
    "title": _("Title"),
    "purpose": _("Purpose"),
    "body": _("Text"),
    "help": _("Help"),
    "words": _("Words to the buyer"),
    "label": _("Label"),
}

_ORDER = defaultdict(lambda: len(LABELS), {name: at for at, name in enumerate(LABELS)})


@dataclass(frozen=True)
class OwnField:
    """One text: `path` as refusals name it (`steps.2.words`), `of` the step it belongs to, empty for the whole."""

    path: str
    label: Promise | str
    of: str
    zh: str
    en: str

    @property
    def is_long(self) -> bool:
        return self.path.rpartition(".")[2] in {"body", "purpose", "help", "words"}


def fields_of(content: Mapping[str, Any]) -> list[OwnField]:
    """All texts in their order."""
    return list(_fields(content, "", ""))


def with_texts(content: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """The content with what was typed: {`title.zh`: …}. What is not a text of it is not taken."""
    changed: dict[str, Any] = copy.deepcopy(dict(content))
    for field in fields_of(content):
        text = _at(changed, field.path)
        for language in ("zh", "en"):
            name = f"{field.path}.{language}"
            if name in typed:
                text[language] = typed[name]
    return changed


def _fields(value: Any, where: str, of: str) -> Iterator[OwnField]:
    if isinstance(value, Mapping):
        if value.keys() == {"zh", "en"}:
            name = where.rpartition(".")[2]
            yield OwnField(where, LABELS.get(name, name), of, value["zh"], value["en"])
            return
        of = _title(value) if where else of
        for name in sorted(value, key=lambda name: _ORDER[name]):  # as JSON keeps them, they have none
            yield from _fields(value[name], path(where, name), of)
    elif isinstance(value, list | tuple):
        for at, part in enumerate(value):
            yield from _fields(part, path(where, at), of)


def _title(part: Mapping[str, Any]) -> str:
    """What a step is called, by its own title or label."""
    text = part.get("title") or part.get("label") or {}
    return text.get("zh") or text.get("en") or "" if isinstance(text, Mapping) else ""


def _at(content: Any, where: str) -> Any:
    for name in where.split("."):
        content = content[int(name)] if isinstance(content, list) else content[name]
    return content
