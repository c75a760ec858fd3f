"""What is said of why somebody was given a ticket, or why nobody was."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.clocks.routing import Skill, Why

WHY: Final[dict[str, Promise]] = {
    Why.LAST: _("answered the buyer last"),
    Why.POOL: _("is named by the rule"),
    Why.SKILL: _("knows what it is about"),
    Why.FREE: _("was the least busy"),
    Why.RINGS: _("it did not wait long enough"),
    Why.KEPT: _("it was kept for who answered the buyer last"),
    Why.NOBODY: _("no agent was given this store"),
    Why.NOT_HERE: _("nobody of this store was at a desk"),
    Why.OFF_DUTY: _("nobody of this store was on duty"),
    Why.UNCERTIFIED: _("nobody there was certified for this store"),
    Why.UNSKILLED: _("nobody there can do what it asks for"),
    Why.NOT_IN_POOL: _("nobody whom the rule names was there"),
    Why.FULL: _("all who may have it had as many as they take"),
}
DEMANDS: Final[tuple[tuple[str, Promise], ...]] = (
    (Skill.LANGUAGE.value, pgettext_lazy("a skill", "the buyer’s language")),
    (Skill.CATEGORY.value, pgettext_lazy("a skill", "the category")),
    (Skill.MARKETPLACE.value, pgettext_lazy("a skill", "the marketplace")),
)


def why_given(key: str) -> str:
    """Empty for a key that nobody knows any more."""
    return str(WHY[Why(key)]) if key in set(Why) else ""
