from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ConfigConfig(AppConfig):
    """Glue: settings, hosts, errors, the supervisor. Nothing of ours imports it."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  # registers them, once every model is loaded


class StaticConfig(StaticFilesConfig):
    """Leaves out htmx's extensions: nobody asks for them, and their imports lead nowhere."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*"]
