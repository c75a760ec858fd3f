"""Health with reasons, for the supervisor and the load balancer. Knows no store and tells nothing private."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_agency LIMIT 1")


def _redis() -> None:
    redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5).ping()


# Without PostgreSQL nothing works; without Redis pages poll, jobs wait for the reconciler, and nothing is lost.
NEEDED: dict[str, Callable[[], None]] = {"database": _database}
HELPFUL: dict[str, Callable[[], None]] = {"redis": _redis}


def answer(request: HttpRequest) -> HttpResponse:
    """/health/live: this process answers. /health/ready: and so does PostgreSQL; 503 with what is missing.

    Without Redis it is ready all the same, and says `degraded`.
    """
    if request.path == "/health/live":
        return JsonResponse({"status": "ok"})
    if request.path != "/health/ready":
        return JsonResponse({"status": "unknown check"}, status=404)
    parts = {name: _state(check) for name, check in {**NEEDED, **HELPFUL}.items()}
    ready = all(parts[name] == "ok" for name in NEEDED)
    status = "failing" if not ready else "ok" if all(state == "ok" for state in parts.values()) else "degraded"
    return JsonResponse({"status": status, **parts}, status=200 if ready else 503)


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # whatever stops it is the answer
        return type(error).__name__
    return "ok"
