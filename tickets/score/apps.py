from django.apps import AppConfig


class ScoreConfig(AppConfig):
    """What happened, and how the marketplaces count it: ids, kinds and times over all stores; never a buyer's words."""

    name = "tickets.score"
    label = "score"
