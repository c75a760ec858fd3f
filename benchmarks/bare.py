"""What `benchmarks.intake` measures against: a bare Django view in the same server, doing one INSERT."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

TABLE = "CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, body text NOT NULL, at timestamptz NOT NULL)"


@csrf_exempt
def insert(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_bare (body, at) VALUES (%s, now()) RETURNING id", [request.body.decode()])
        return JsonResponse({"id": cursor.fetchone()[0]}, status=201)


urlpatterns = [path("bench/bare/", insert), path("", include("config.urls_agency"))]
