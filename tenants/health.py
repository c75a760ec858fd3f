"""Health with reasons, for the supervisor and the load balancer. Knows no store and tells nothing private."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_agency LIMIT 1")


def _redis() -> None:
    cache.get("health")


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis}


def answer(request: HttpRequest) -> HttpResponse:
    """/health/live: this process answers. /health/ready: and so do the servers it needs; 503 with what is missing."""
    if request.path == "/health/live":
        return JsonResponse({"status": "ok"})
    if request.path != "/health/ready":
        return JsonResponse({"status": "unknown check"}, status=404)
    parts = {}
    for name, check in CHECKS.items():
        try:
            check()
            parts[name] = "ok"
        except Exception as error:  # whatever stops it is the answer
            parts[name] = type(error).__name__
    healthy = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if healthy else "failing", **parts}, status=200 if healthy else 503)
