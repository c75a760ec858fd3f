"""Times in named zones, and a store's own text as a form. No table is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from knowledge.own_text import fields_of, with_texts
from knowledge.when import read_when, zones
from tenants.errors import Invalid


@pytest.mark.parametrize(
    ("said", "zone", "when"),
    [
        ("2026-12-01T20:00", "Asia/Shanghai", datetime(2026, 12, 1, 12, 0, tzinfo=UTC)),
        ("2026-12-01 20:00", "UTC", datetime(2026, 12, 1, 20, 0, tzinfo=UTC)),
        ("2026-11-01T01:30", "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # shown twice: the first
        ("2026-12-01T20:00+09:00", "Asia/Shanghai", datetime(2026, 12, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_time(said: str, zone: str, when: datetime) -> None:
    assert read_when(said, zone) == when


@pytest.mark.parametrize(
    ("said", "zone", "field"),
    [
        ("2027-03-14T02:30", "America/New_York", "at"),
        ("", "UTC", "at"),
        ("soon", "UTC", "at"),
        ("0001-01-01T00:00", "UTC", "at"),
        ("9999-12-31T23:59", "America/New_York", "at"),
        ("2026-12-01T20:00", "../etc/passwd", "time_zone"),
        ("2026-12-01T20:00", "", "time_zone"),
    ],
)
def test_no_time(said: str, zone: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_when(said, zone)
    assert refused.value.field == field


def test_zones_of_stores_come_first() -> None:
    assert zones(["Asia/Tokyo", "UTC", "Moon/Base", "Asia/Tokyo"])[:2] == ["Asia/Tokyo", "UTC"]


def test_own_text_is_a_form_of_texts() -> None:
    step = {"key": "a", "kind": "do", "words": {"zh": "", "en": ""}, "title": {"zh": "核实", "en": ""}, "edges": []}
    content = {"steps": [step], "title": {"zh": "退款", "en": "Refund"}, "purpose": {"zh": "", "en": ""}}
    fields = fields_of(content)
    assert [field.path for field in fields] == ["title", "purpose", "steps.0.title", "steps.0.words"]
    assert [field.of for field in fields] == ["", "", "核实", "核实"]
    changed = with_texts(
        content, {"steps.0.title.zh": "先核实", "steps.0.kind": "send", "steps.9.title.zh": "x", "key": "b"}
    )
    assert changed["steps"][0] == step | {"title": {"zh": "先核实", "en": ""}}
    assert content["steps"][0]["title"]["zh"] == "核实"
