"""What an SOP may be: a finite way on which every step is reached."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.content import read, write
from knowledge.content.condition import read_condition
from knowledge.content.reply import fill, read_reply
from tenants.errors import Invalid


def step(key: str, *to: str, kind: str = "do", **more: Any) -> dict[str, Any]:
    edges = [{"to": name, "label": {"zh": f"答{name}"}} for name in to]
    return {"key": key, "kind": kind, "title": {"zh": f"第{key}步"}, "edges": edges, **more}


def sop(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"title": {"zh": "退款", "en": "Refund"}, "steps": list(steps)}


def refused(data: Any, kind: str = "sop") -> str | None:
    with pytest.raises(Invalid) as caught:
        read(kind, data)
    return caught.value.field


def test_what_was_written_is_read_again() -> None:
    data = sop(
        step("a", "b", "c", kind="ask"),
        step("b", "d", kind="send", words={"zh": "您好{buyer}", "en": "Hello {buyer}"}),
        step("c", "d", kind="wait", wait_h=24, evidence=[{"key": "photo", "label": {"zh": "照片"}, "kind": "picture"}]),
        step("d"),
    )
    content = read("sop", data)
    assert read("sop", json.loads(json.dumps(write(content)))) == content


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([], "steps"),
        ([step("a", "b"), step("b", "a")], "steps.1.edges.0.to"),
        ([step("a", "a")], "steps.0.edges.0.to"),
        ([step("a"), step("b")], "steps.1.key"),
        ([step("a", "z")], "steps.0.edges.0.to"),
        ([step("a"), step("a")], "steps.0.key"),
        ([step("a", "b", "b"), step("b")], "steps.0.edges"),
        ([step("a", "b", kind="ask"), step("b")], "steps.0.edges"),
        ([step("a", "b", "b", kind="check"), step("b")], "steps.0.edges.0.when"),
        ([step("a", kind="send")], "steps.0.words"),
        ([step("a", kind="send", words={"zh": "{0.__class__}{secret}"})], "steps.0.words.zh"),
        ([step("a", kind="wait")], "steps.0.wait_h"),
        ([step("a", kind="wait", wait_h="soon")], "steps.0.wait_h"),
        ([step("a", kind="dance")], "steps.0.kind"),
        ([step("A!")], "steps.0.key"),
        ([step(f"s{at}", f"s{at + 1}") for at in range(61)], "steps"),
    ],
)
def test_what_is_no_process_is_refused_by_its_field(steps: list[dict[str, Any]], field: str) -> None:
    assert refused(sop(*steps)) == field


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3), max_size=8))
def test_whatever_is_accepted_ends_and_reaches_every_step(ways: dict[int, list[int]]) -> None:
    steps = [
        step(f"s{at}", *(f"s{to}" for to in ways.get(at, [])), kind="ask" if len(ways.get(at, [])) > 1 else "do")
        for at in range(len(ways) or 1)
    ]
    try:
        content = read("sop", sop(*steps))
    except Invalid:
        return
    reached: set[str] = set()

    def walk(key: str, depth: int) -> None:
        assert depth <= len(steps)
        reached.add(key)
        for edge in content.step(key).edges:  # type: ignore[union-attr]
            if edge.to:
                walk(edge.to, depth + 1)

    walk("s0", 1)
    assert reached == {entry["key"] for entry in steps}


@pytest.mark.parametrize("data", [None, [], "x", {"title": 3}, {"title": {"zh": "\ud800"}}, {"title": {"zh": "a\x00"}}])
@pytest.mark.parametrize("kind", ["sop", "article", "reply"])
def test_what_is_no_content_is_refused(kind: str, data: Any) -> None:
    assert refused(data, kind)


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        (("category", "is", "refund"), {"category": "refund"}, True),
        (("category", "is_not", "refund"), {}, True),
        (("hours_open", "at_least", "24"), {"hours_open": 24.0}, True),
        (("hours_open", "less_than", "24"), {"hours_open": 24.0}, False),
        (("hours_open", "at_least", "1"), {}, False),
        (("has_picture", "is", "yes"), {"has_picture": True}, True),
        (("openings", "is", "2"), {"openings": 2}, True),
    ],
)
def test_conditions(condition: tuple[str, str, str], facts: dict[str, object], holds: bool) -> None:
    fact, operator, value = condition
    read_it = read_condition({"fact": fact, "operator": operator, "value": value}, "when")
    assert read_it.holds(facts) is holds


@pytest.mark.parametrize("value", ["nan", "inf", "x", ""])
def test_a_number_is_one(value: str) -> None:
    with pytest.raises(Invalid):
        read_condition({"fact": "openings", "operator": "at_least", "value": value}, "when")


def test_variables_are_filled_once_and_never_run() -> None:
    words = "{buyer}：{{7*7}} {0.__class__} {order} {store}"
    filled, missing = fill(words, {"buyer": "{store}", "store": "青禾"})
    assert filled == "{store}：{{7*7}} {0.__class__} {order} 青禾"
    assert missing == ("order",)


def test_a_reply_names_only_what_there_is() -> None:
    reply = read_reply({"title": {"zh": "x"}, "body": {"zh": "{buyer}{order}", "en": "{order}"}})
    assert reply.variables == ("buyer", "order")
    with pytest.raises(Invalid) as caught:
        read_reply({"title": {"zh": "x"}, "body": {"en": "{password}"}})
    assert caught.value.field == "body.en"
