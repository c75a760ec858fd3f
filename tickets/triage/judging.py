"""What is said of a ticket: the rules, and where a learned model is sure enough, its category instead of theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tickets.triage.model import Model
from tickets.triage.queries.waiting import Said
from tickets.triage.rules import Judged, is_presale, judge

SURE: Final = 0.6  # the share from which a model's word counts


def judge_ticket(said: Said, model: Model | None, key: bytes) -> Judged:
    """The category from all that was said, mood and urgency from the latest of it."""
    whole, latest = judge(said.text), judge(said.latest)
    judged = replace(whole, mood=latest.mood, urgency=max(latest.urgency, whole.urgency))
    guess = model.guess(said.text, key) if model else None
    if guess is None or guess.share < SURE:
        return judged
    return replace(judged, category=guess.label, because=guess.because, is_presale=is_presale(guess.label))
