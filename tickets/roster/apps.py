from django.apps import AppConfig


class RosterConfig(AppConfig):
    """Who works when, where and on what; who passed which exam. Public: people, stores and times of an agency."""

    name = "tickets.roster"
    label = "roster"
