from django.apps import AppConfig


class TimersConfig(AppConfig):
    """How an agency wants to be warned, what it wants done by itself, and what has come due and is not done yet."""

    name = "tickets.timers"
    label = "timers"
