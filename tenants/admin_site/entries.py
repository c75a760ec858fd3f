"""What apps contribute to the admin's frame: the navigation's entries, the front page's panels, the search's sources.

An app adds its own when its admin.py is imported, and the frame knows of none; so floors stay floors. Whatever is
contributed names the Action that its reader needs, and who may not do that is shown nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from tenants.access import Action, Caller, Member

Text = str | Promise


class Section(models.TextChoices):
    """The parts of the navigation, in their order: what one comes to do."""

    TODAY = "today", pgettext_lazy("section of the admin", "Today")
    WRITE = "write", pgettext_lazy("section of the admin", "Write")
    PUBLISH = "publish", pgettext_lazy("section of the admin", "Publish")
    LISTEN = "listen", pgettext_lazy("section of the admin", "Listen")
    NUMBERS = "numbers", pgettext_lazy("section of the admin", "Numbers")
    PEOPLE = "people", pgettext_lazy("section of the admin", "People and stores")


@dataclass(frozen=True)
class NavEntry:
    """A line of the navigation. `icon` is a name of Material Symbols; `badge` counts what waits there."""

    section: Section
    title: Text
    url_name: str  # admin:knowledge_sop_changelist
    action: Action
    icon: str = "chevron_right"
    order: int = 100
    badge: Callable[[Caller], int] | None = None


@dataclass(frozen=True)
class FrontPanel:
    """A part of the front page: a template, and what it is drawn with. `context` asks queries, with the caller."""

    template: str
    action: Action
    context: Callable[[Caller], dict[str, Any]] = field(default=lambda caller: {})
    order: int = 100


@dataclass(frozen=True)
class Found:
    """A line of the search's answer. `kind` says what it is: SOP, article, person."""

    title: str
    link: str
    kind: Text


# (words, caller) → at most ten, the best first. The permission is inside the query that it asks.
SearchSource = Callable[[str, Caller], list[Found]]


@dataclass(frozen=True)
class _Source:
    search: SearchSource
    action: Action


_nav: list[NavEntry] = []
_panels: list[FrontPanel] = []
_sources: list[_Source] = []


def add_nav(*entries: NavEntry) -> None:
    _nav.extend(entries)


def add_front_panel(panel: FrontPanel) -> None:
    _panels.append(panel)


def add_search(search: SearchSource, action: Action) -> None:
    _sources.append(_Source(search, action))


def nav_for(member: Member) -> list[tuple[Section, list[NavEntry]]]:
    """The sections that have something for this member, with it, in order."""
    mine = sorted((entry for entry in _nav if member.may(entry.action)), key=lambda entry: entry.order)
    sections = [(section, [entry for entry in mine if entry.section == section]) for section in Section]
    return [(section, entries) for section, entries in sections if entries]


def panels_for(member: Member) -> list[FrontPanel]:
    return sorted((panel for panel in _panels if member.may(panel.action)), key=lambda panel: panel.order)


def find(words: str, caller: Caller, member: Member) -> list[Found]:
    """What the sources find that this member may ask; pages of the navigation first. One call a source."""
    needle = words.casefold()
    pages = [
        (section, entry)
        for section, entries in nav_for(member)
        for entry in entries
        if needle in str(entry.title).casefold()
    ]
    found = [Found(str(entry.title), reverse(entry.url_name), section.label) for section, entry in pages]
    for source in _sources:
        if member.may(source.action):
            found.extend(source.search(words, caller))
    return found
