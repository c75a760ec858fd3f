"""What is said of a ticket: the rules, and where a learned model is sure enough, its word instead of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tickets.moods import BY_SLUG
from tickets.triage.model import Guess, Model
from tickets.triage.models import Subject
from tickets.triage.queries.waiting import Said
from tickets.triage.rules import Judged, is_presale, judge

Models = Mapping[Subject, Model]  # what judges now; of a subject that is missing, the rules

SURE: Final = 0.6  # the share from which a model's word counts


def judge_ticket(said: Said, models: Models, key: bytes) -> Judged:
    """The category from all that was said, the mood from the latest of it that no person has judged."""
    judged = judge(said.text)
    latest = judged if said.latest == said.text else judge(said.latest)
    judged = replace(judged, mood=latest.mood, moved=latest.moved, urgency=max(latest.urgency, judged.urgency))
    if about := _sure(models.get(Subject.CATEGORY), said.text, key):
        judged = replace(judged, category=about.label, because=about.because, is_presale=is_presale(about.label))
    if felt := _sure(models.get(Subject.MOOD), said.latest, key):
        judged = replace(judged, mood=BY_SLUG[felt.label], moved=felt.because)
    return judged


def _sure(model: Model | None, text: str, key: bytes) -> Guess | None:
    guess = model.guess(text, key) if model else None
    return guess if guess and guess.share >= SURE else None
