from django.apps import AppConfig


class TriageConfig(AppConfig):
    """What a buyer's message is about, on arrival: rules, and what was learned from the agency's own closed tickets."""

    name = "tickets.triage"
    label = "triage"
