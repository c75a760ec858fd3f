"""Run by `benchmarks.publish` in a process of its own: publishes, and prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks._agency import make_agency  # noqa: E402
from benchmarks.of_fleet.figures import Figures  # noqa: E402
from benchmarks.of_search.matter import MATTERS  # noqa: E402
from knowledge.actions.make_version import make_version  # noqa: E402
from knowledge.actions.write_item import Place, create_item  # noqa: E402
from knowledge.models import Delivered, Item  # noqa: E402
from tenants.context import as_operator  # noqa: E402
from tenants.hosts import SESSION_HOST  # noqa: E402
from tenants.models import Agency, Store, User  # noqa: E402

HOST = "north.localhost"
CHECK = "/admin/publish/new/check/"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stores", type=int)
    parser.add_argument("rounds", type=int)
    asked = parser.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    with as_operator():
        figures = measure(asked.stores, asked.rounds)
    print(json.dumps({"name": "publish", "figures": figures, "ratios": {}}), flush=True)


def measure(count: int, rounds: int) -> Figures:
    figures = Figures()
    agency, _secret = make_agency()
    stores = _stores(agency, count)
    client = _signed_in()
    waits: dict[str, list[float]] = {"see": [], "publish": [], "result": [], "drift": [], "undo": []}
    for turn in range(rounds + 2):
        item = _item(agency, turn)
        form = {
            "item": item.pk,
            f"version_{item.pk}": 1,
            f"stores_{item.pk}": ",".join(map(str, stores)),
            "when": "now",
        }
        with CaptureQueriesContext(connection) as queries:
            took = {"see": _timed(client, CHECK, form)}
            before = len(queries)
            took["publish"] = _timed(client, CHECK, form | {"sure": "yes"}, status=302)
            figures["statements"] = sum("SAVEPOINT" not in q["sql"] for q in queries.captured_queries[before:])
        release = Delivered.objects.filter(release__item=item).values_list("release", flat=True)[0]
        assert Delivered.objects.filter(release=release, outcome="published").count() == count
        took["result"] = _timed(client, f"/admin/publish/releases/{release}/")
        took["drift"] = _timed(client, "/admin/publish/drift/")
        took["undo"] = _timed(client, f"/admin/publish/releases/{release}/", {"do": "undo"}, status=302)
        if turn >= 2:
            for name, seconds in took.items():
                waits[name].append(seconds)
    for name, of in waits.items():
        figures.put_waits(name, of)
    figures |= {
        "stores": count,
        "rounds": rounds,
        "p95_ms": figures["publish_p95_ms"],
        "with_result_p95_ms": sorted(
            round((a + b) * 1000, 1) for a, b in zip(waits["publish"], waits["result"], strict=True)
        )[int(rounds * 0.95)],
        "cores": os.cpu_count(),
    }
    return figures


def _stores(agency: Agency, count: int) -> list[int]:
    """Without schemas: publishing enters none."""
    now = timezone.now()
    rows = [
        Store(
            agency=agency,
            slug=f"s-{n}",
            name=f"Store {n}",
            marketplace="tmall",
            state=Store.State.OPEN,
            state_since=now,
        )
        for n in range(count)
    ]
    return [store.pk for store in Store.objects.bulk_create(rows)]


def _item(agency: Agency, turn: int) -> Item:
    lead, now, about = User.objects.get(email="lead@example.com"), timezone.now(), MATTERS[turn % len(MATTERS)]
    content = {
        "title": {"zh": f"{about.title_zh} {turn}", "en": f"{about.title_en} {turn}"},
        "body": {"zh": "\n".join(about.zh) * 10, "en": "\n".join(about.en) * 10},
    }
    item = create_item(agency.pk, kind="article", content=content, place=Place(), author=lead, now=now)
    make_version(item, revision=1, author=lead, now=now)
    return item


def _signed_in() -> Client:
    client = Client(headers={"host": HOST})
    client.force_login(User.objects.get(email="lead@example.com"), backend="tenants.sign_in.PlaceBackend")
    session = client.session
    session[SESSION_HOST] = HOST
    session.save()
    return client


def _timed(client: Client, path: str, body: dict[str, object] | None = None, *, status: int = 200) -> float:
    began = time.perf_counter()
    answer = client.get(path) if body is None else client.post(path, body)
    took = time.perf_counter() - began
    if answer.status_code != status:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:300]!r}")
    return took


if __name__ == "__main__":
    main()
