"""What is learned, one by one: how its labels are called, what the rules say of a text, how many it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise

from knowledge.categories import Category
from tickets.moods import SLUGS
from tickets.triage.models import Subject
from tickets.triage.rules import judge


@dataclass(frozen=True)
class About:
    """`labels`: value → how people call it. `fewest`: labels of people that it takes to learn; of one label, to be told
    at all. `by_rule`: the label that the rules give a text, empty where they say nothing.
    """

    labels: dict[str, str | Promise]
    by_rule: Callable[[str], str]
    fewest: int = 200
    fewest_of_label: int = 20


ABOUT: Final = {
    Subject.CATEGORY: About(dict(Category.choices), lambda text: judge(text).category),
    Subject.MOOD: About(dict(SLUGS), lambda text: judge(text).mood.slug),
}
