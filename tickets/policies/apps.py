from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """What is measured and promised: an agency's dated versions of policies and goals, and its stores' hours."""

    name = "tickets.policies"
    label = "policies"
