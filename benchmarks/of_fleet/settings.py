"""The product's settings; with two more ways to the same database, as its owner, to compare queries with."""

import os

from benchmarks.of_fleet.alterations import modules
from config.settings import *  # noqa: F403
from config.settings import DATABASES as OWN
from config.settings import MIGRATION_MODULES as OWN_MODULES

STATE_VARIABLE = "BENCH_ALTERATIONS"
MIGRATION_MODULES = {**OWN_MODULES, **modules(int(os.environ.get(STATE_VARIABLE, "0")))}  # type: ignore[dict-item]

DATABASES = {
    **OWN,
    "tenants": {**OWN["owner"], "ENGINE": "django_tenants.postgresql_backend"},  # sets the path before each query
    "plain": {**OWN["owner"], "ENGINE": "django.db.backends.postgresql"},  # its path is set once
}
