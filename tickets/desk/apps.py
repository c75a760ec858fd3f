from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The public half of `tickets`: ids, states and times of open work over all stores; never a buyer's words."""

    name = "tickets.desk"
    label = "desk"
