"""What a replay came to, as numbers, as rows for a table, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from tickets.replay.compare import Verdict
from tickets.replay.conversations import Side
from tickets.replay.send import Sent


@dataclass(frozen=True)
class Figures:
    """Latencies are milliseconds of the accepted POSTs; `duration_s` and `per_second` are of the sending alone."""

    conversations: int
    messages_in: int
    replies: int
    new: int
    received_before: int
    acknowledged: int
    answered: int
    lost: int
    out_of_order: int
    duplicates: int
    refused: int
    skipped: int
    retried: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    duration_s: float
    per_second: float
    check_s: float

    @property
    def faults(self) -> int:
        """What must be 0."""
        return self.lost + self.out_of_order + self.duplicates + self.refused

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def rows(self) -> list[tuple[str, str]]:
        """Label and value, for people."""
        return [
            ("conversations", str(self.conversations)),
            ("messages in", str(self.messages_in)),
            ("replies", str(self.replies)),
            ("new", str(self.new)),
            ("received before", str(self.received_before)),
            ("acknowledged", str(self.acknowledged)),
            ("answered", str(self.answered)),
            ("lost", str(self.lost)),
            ("out of order", str(self.out_of_order)),
            ("duplicates", str(self.duplicates)),
            ("refused", str(self.refused)),
            ("replies without a ticket", str(self.skipped)),
            ("retried", str(self.retried)),
            ("latency p50 / p95 / p99", f"{self.p50_ms:.0f} / {self.p95_ms:.0f} / {self.p99_ms:.0f} ms"),
            ("duration", f"{self.duration_s:.1f} s, then {self.check_s:.1f} s to check"),
            ("rate", f"{self.per_second:.1f} messages/s"),
        ]


def add_up(
    sent: Sequence[Sent], verdicts: Iterable[Verdict], *, retried: int, duration_s: float, check_s: float
) -> Figures:
    verdicts = list(verdicts)
    accepted = [accepted for one in sent for accepted in one.accepted]
    times = sorted(one.seconds * 1000 for one in accepted)
    buyers = sum(one.turn.side == Side.BUYER for one in accepted)
    return Figures(
        conversations=len(sent),
        messages_in=buyers,
        replies=len(accepted) - buyers,
        new=sum(v.new for v in verdicts),
        received_before=sum(v.before for v in verdicts),
        acknowledged=sum(v.acknowledged for v in verdicts),
        answered=sum(v.answered for v in verdicts),
        lost=sum(v.lost for v in verdicts),
        out_of_order=sum(v.out_of_order for v in verdicts),
        duplicates=sum(v.duplicates for v in verdicts),
        refused=sum(len(one.refused) for one in sent),
        skipped=sum(one.skipped for one in sent),
        retried=retried,
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        p99_ms=percentile(times, 99),
        duration_s=round(duration_s, 3),
        per_second=round(len(accepted) / duration_s, 1) if duration_s else 0.0,
        check_s=round(check_s, 3),
    )


def percentile(ordered: Sequence[float], share: int) -> float:
    """Nearest rank: a value that was measured. 0 where nothing was."""
    return round(ordered[ceil(len(ordered) * share / 100) - 1], 2) if ordered else 0.0
