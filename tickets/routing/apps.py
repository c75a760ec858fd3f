from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Who gets the next ticket: an agency's plan and its rules. Public: people, stores, conditions."""

    name = "tickets.routing"
    label = "routing"
