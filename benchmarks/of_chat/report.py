"""From what was said, committed and shown to the figures."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.of_fleet.figures import Figures

AGAINST = (
    "the product from commit to screen (vs_) and from send to screen (send_to_screen_vs_), to the same Poisson stream"
    " on as many sockets, from send to screen: a bare Channels consumer without a database on the same server and"
    " Valkey (channels_echo), and the library websockets alone in one process (websockets_echo). The product commits"
    " every message durably before it is shown."
)


def report(found: dict[str, Any], asked: argparse.Namespace) -> dict[str, Any]:
    figures, ratios = Figures(), Figures()
    figures |= {name: getattr(asked, name) for name in ("conversations", "desks", "rate", "seconds", "rounds")}
    figures["cores"] = found["cores"]
    _speeds(figures, ratios, found)
    _counts(figures, found["product"])
    for kind in ("product", "channels", "websockets"):
        _load(figures, kind, [run for each in found[kind] for run in each.get("runs", [each])], asked.seconds)
    if "idle" in found:
        figures["idle_kib_per_socket"] = round(found["idle"]["uss"], 1)
        figures["idle_rss_kib_per_socket"] = round(found["idle"]["rss"], 1)
    if "burst" in found:
        _burst(figures, found["burst"])
    return {"name": "chat", "against": AGAINST, "figures": figures, "ratios": ratios}


def _speeds(figures: Figures, ratios: Figures, found: dict[str, Any]) -> None:
    runs = [(each["runs"][0], each["committed"]) for each in found["product"]]
    shown = [commit_to_screen(run, committed) for run, committed in runs]
    put(figures, "", shown)
    put(figures, "send_to_sent_", [waits(run["said"], run["acked"]) for run, _ in runs])
    put(
        figures,
        "send_to_commit_",
        [waits(run["said"], {m: c[0] for m, c in committed.items()}) for run, committed in runs],
    )
    ours = [send_to_screen(run) for run, _ in runs]
    put(figures, "send_to_screen_", ours)
    for kind in ("channels", "websockets"):
        theirs = [send_to_screen(run) for run in found[kind]]
        put(figures, f"{kind}_echo_", theirs)
        for share in (50, 95):
            for prefix, waited in (("", shown), ("send_to_screen_", ours)):
                pairs = zip(waited, theirs, strict=True)
                name = f"{prefix}vs_{kind}_echo_p{share}"
                ratios.put(name, [quantile(a, share) / quantile(b, share) for a, b in pairs])


def _counts(figures: Figures, product: list[dict[str, Any]]) -> None:
    """Lost: acknowledged, and not in PostgreSQL or on the other's screen. Doubled: twice there, or sent twice."""
    said = acked = lost = doubled = 0
    for each in product:
        run, committed = each["runs"][0], each["committed"]
        said, acked = said + len(run["said"]), acked + len(run["acked"])
        lost += sum(marker not in committed or not run["shown"].get(marker) for marker in run["acked"])
        doubled += sum(
            committed.get(marker, (0, 0))[1] > 1 or len(run["shown"].get(marker, ())) > 1 for marker in run["said"]
        )
        doubled += each["repeats"]
    figures |= {"messages": said, "acknowledged": acked, "lost": lost, "doubled": doubled}
    figures["out_of_order"] = sum(each["out_of_order"] for each in product)
    figures["sockets_closed"] = sum(each["closed"] for each in product)
    figures["refused"] = merged(each["refused"] for each in product)


def _load(figures: Figures, kind: str, runs: list[dict[str, Any]], seconds: float) -> None:
    """How late the load generator itself was, and how much of a core it took."""
    lags = [run["lags"] for run in runs]
    figures.put(f"{kind}_generator_lag_p99_ms", [quantile(each, 99) * 1000 for each in lags])
    figures.put(f"{kind}_generator_core", [run["cpu"] / seconds for run in runs])


def _burst(figures: Figures, burst: dict[str, Any]) -> None:
    for name in ("quiet", "loud"):
        found = commit_to_screen(burst[name], burst["committed"])
        sent = waits(burst[name]["said"], burst[name]["acked"])
        figures[f"burst_other_store_{name}_p95_ms"] = round(quantile(found, 95) * 1000, 1)
        figures[f"burst_other_store_{name}_send_to_sent_p95_ms"] = round(quantile(sent, 95) * 1000, 1)
        figures[f"burst_other_store_{name}_messages"] = len(found)
    poured = burst["poured"]
    figures["burst_accepted"] = poured["accepted"]
    figures["burst_per_second"] = round(poured["accepted"] / poured["seconds"], 1)
    figures["burst_refused_and_sent_again"] = poured["refused"]


def put(figures: Figures, prefix: str, rounds: list[list[float]]) -> None:
    """p50, p95 and p99 in milliseconds: the median of the rounds, and their spread."""
    for share in (50, 95, 99):
        figures.put(f"{prefix}p{share}_ms", [quantile(each, share) * 1000 for each in rounds])


def commit_to_screen(run: dict[str, Any], committed: dict[str, Sequence[float]]) -> list[float]:
    return waits({marker: at[0] for marker, at in committed.items()}, first(run["shown"]))


def send_to_screen(run: dict[str, Any]) -> list[float]:
    return waits(run["said"], first(run["shown"]))


def first(shown: dict[str, list[float]]) -> dict[str, float]:
    return {marker: times[0] for marker, times in shown.items()}


def waits(begin: dict[str, float], end: dict[str, float]) -> list[float]:
    """Seconds, shortest first, of what is in both."""
    return sorted(at - begin[marker] for marker, at in end.items() if marker in begin)


def quantile(ordered: Sequence[float], share: int) -> float:
    ordered = sorted(ordered)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)]


def merged(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total
