"""The API's own description: complete, valid, and what /api/schema/ serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client

from reports.api.urls import api as reports_api
from tests.cast import Cast
from tickets.api.urls import api


def test_schema_is_valid_and_warns_of_nothing(tmp_path: Path) -> None:
    call_command(
        "spectacular", urlconf="config.urls_agency", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml")
    )
    assert (tmp_path / "schema.yml").stat().st_size > 1000


def test_every_operation_is_described(cast: Cast, sign_in: Any) -> None:
    client: Client = sign_in(None)
    described = client.get("/api/schema/", {"format": "json"}).json()["paths"]
    routes = {f"/api/{route.pattern}" for route in [*api, *reports_api] if "v1/" in str(route.pattern)}
    assert len(described) == len(routes)
    assert all(operation["description"] for path in described.values() for operation in path.values())
