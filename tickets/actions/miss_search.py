"""miss_search, ignore_missed, write_from_missed: what readers looked for in the library and did not find."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from tickets.models import MissedSearch

LONGEST: Final = 100  # letters that are kept; a question, not a letter
MOST_KEPT: Final = 5_000  # different ones of a store: who types nonsense all night fills no disk


@transaction.atomic
def miss_search(words: str, *, language: str, by_buyer: bool, now: datetime) -> None:
    """Counts one search that found nothing, in the entered store. What says nothing is not kept. Three queries."""
    asked = plain(words)
    if not asked:
        return
    row = MissedSearch(words=asked, language="zh" if language.startswith("zh") else "en", first_at=now, last_at=now)
    same = MissedSearch.objects.filter(words=row.words, language=row.language)
    if not same.exists():
        if MissedSearch.objects.count() >= MOST_KEPT:
            return
        MissedSearch.objects.bulk_create([row], ignore_conflicts=True)  # another may have come first
    same.update(times=F("times") + 1, by_buyers=F("by_buyers") + int(by_buyer), last_at=now)


def ignore_missed(pk: int) -> bool:
    """Off the list, in the entered store; it is still counted. Whether it was on it."""
    open_ones = MissedSearch.objects.filter(pk=pk, state=MissedSearch.State.OPEN)
    return bool(open_ones.update(state=MissedSearch.State.IGNORED))


def write_from_missed(pk: int, *, item_id: int) -> None:
    """Off the list, in the entered store: an article was begun from it."""
    MissedSearch.objects.filter(pk=pk).update(state=MissedSearch.State.WRITTEN, item_id=item_id)


def plain(words: str) -> str:
    """As it is counted: in small letters, single spaces, without what can't be kept. Empty where it says nothing."""
    text = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", words)
    text = " ".join(text.casefold().split())[:LONGEST].strip()
    letters = re.sub(r"[\W_]", "", text)
    return text if len(letters) > 1 or letters >= "\u3040" else ""
