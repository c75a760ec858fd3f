"""情绪: how a buyer's latest words sound. Pure but for its labels."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mood(models.IntegerChoices):
    """As the desk's index has it; in events, forms, REST and labels by `slug`."""

    UNHAPPY = -1, _("unhappy")
    NEUTRAL = 0, _("neutral")
    PLEASED = 1, _("pleased")

    @property
    def slug(self) -> str:
        return self.name.lower()


BY_SLUG: Final = {mood.slug: mood for mood in Mood}
SLUGS: Final = [(mood.slug, mood.label) for mood in Mood]
