from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ConfigConfig(AppConfig):
    """Glue: settings, hosts, errors, the supervisor. Nothing of ours imports it."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  # registers them, once every model is loaded


class StaticConfig(StaticFilesConfig):
    """Leaves out what nobody asks for: to find, name and compress it took most of the time of a first start."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "django_htmx/ext/*",  # whose imports lead nowhere
        "rest_framework/*",  # the API answers in JSON alone
        "drf_spectacular_sidecar/redoc/*",  # its pages are swagger's
        "django_rq/*",
    ]
