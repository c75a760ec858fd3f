from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Glue: settings, hosts, errors, the supervisor. Nothing of ours imports it."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  # registers them, once every model is loaded
