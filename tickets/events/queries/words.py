"""What a buyer is told at once while an event runs in the store."""

from __future__ import annotations

from datetime import datetime

from tenants.context import ask
from tickets.acknowledgement import event_words

_WORDS = """
SELECT kind, ack_zh, ack_en FROM events_liveevent
WHERE store_id = %(store)s AND begun_at IS NOT NULL AND ended_at IS NULL AND ends_at > %(now)s
"""


def own_words(store_id: int, language: str, now: datetime) -> str:
    """The event's words in this language, or ours for such an event; empty where none runs. One query."""
    rows = ask(_WORDS, {"store": store_id, "now": now})
    if not rows:
        return ""
    [(kind, in_chinese, in_english)] = rows
    return (in_chinese if language == "zh" else in_english) or event_words(kind, language)
