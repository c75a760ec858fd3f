from django.apps import AppConfig


class EventsConfig(AppConfig):
    """直播/大促: when buyers will write more, who is lent for it, and when they did without notice. Public rows."""

    name = "tickets.events"
    label = "events"
