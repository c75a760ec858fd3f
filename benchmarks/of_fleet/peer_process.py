"""django-tenants at work, in a process of its own with its own backend: one order a line in, its seconds a line out.

What is timed is what its own commands call; start-up, imports and system checks (which `manage.py migrate_schemas`
repeats in every schema) are left out, and nothing is printed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand  # noqa: E402
from django_tenants.migration_executors import get_executor  # noqa: E402

from benchmarks.of_fleet.alterations import modules  # noqa: E402
from tenants.models import Store  # noqa: E402


def create(schema: str) -> None:
    """CREATE SCHEMA, then migrate_schemas into it: what TenantMixin.save does for a new tenant, without its row."""
    Store(schema_name=schema).create_schema(check_if_exists=True, verbosity=0)


def clone(base: str, schema: str) -> None:
    """The same with TENANT_CREATION_FAKES_MIGRATIONS: clone_schema, then migrate_schemas --fake."""
    with override_settings(TENANT_CREATION_FAKES_MIGRATIONS=True, TENANT_BASE_SCHEMA=base):
        create(schema)


def migrate(executor: str, schemas: list[str]) -> None:
    parser = MigrateSchemasCommand().create_parser("manage.py", "migrate_schemas")
    options = vars(parser.parse_args(["--tenant", "--verbosity=0", "--skip-checks"]))
    args = options.pop("args", ())
    get_executor(executor)(args, options).run_migrations(tenants=list(schemas))


def alter(state: int) -> None:
    settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, **modules(state)}


ORDERS: dict[str, Callable[..., None]] = {"create": create, "clone": clone, "migrate": migrate, "alter": alter}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        began = time.perf_counter()
        try:
            ORDERS[order.pop("order")](**order)
        except Exception as error:  # told to the parent, which raises it
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]}), file=answers)
        else:
            print(json.dumps({"seconds": time.perf_counter() - began}), file=answers)


if __name__ == "__main__":
    main()
