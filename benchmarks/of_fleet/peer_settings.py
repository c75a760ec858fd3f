"""The same apps and the same database as django-tenants documents it: its own backend, and the owner as `default`."""

from benchmarks.of_fleet.settings import *  # noqa: F403
from benchmarks.of_fleet.settings import DATABASES as ALL

DATABASES = {"default": ALL["tenants"]}
TENANT_DB_ALIAS = "default"
TENANT_MULTIPROCESSING_MAX_PROCESSES = 2
