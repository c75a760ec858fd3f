"""When a certificate is worth nothing any more: by comparing what was learnt with what a store runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Runs:
    """A store runs an SOP: in this version, or since `own_at` in a text of its own over it."""

    item: int
    number: int
    own_at: datetime | None = None


@dataclass(frozen=True)
class Learnt:
    """What a certificate is about: {SOP: version} as it stood `at` the beginning of the sitting."""

    versions: Mapping[int, int]
    at: datetime


def lapses(learnt: Learnt, runs: Iterable[Runs]) -> list[Runs]:
    """What has changed since; nothing: it holds. Going back to an older version is no change."""
    return [one for one in runs if _is_newer(learnt, one)]


def _is_newer(learnt: Learnt, one: Runs) -> bool:
    if one.own_at is not None and one.own_at > learnt.at:
        return True
    return one.number > learnt.versions.get(one.item, 0)
