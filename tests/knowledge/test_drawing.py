"""A process on paper: layers, nothing over anything else, faults where they are; and whatever is typed can be drawn."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.content import read
from knowledge.drawing import HEIGHT, ROW, WIDTH, Drawing, Fault, draw
from tenants.errors import Invalid
from tests.knowledge.test_sop_content import sop, step


def drawn(data: Any, **more: Any) -> Drawing:
    return draw(data, language="zh", **more)


BRANCHED = sop(
    step("a", "b", "c", kind="ask"),
    step("b", "d", kind="send", words={"zh": "您好"}),
    step("c", kind="wait", wait_h=24, evidence=[{"key": "photo", "label": {"zh": "照片"}}]),
    step("d"),
)


def test_layers_go_down_and_branches_stand_side_by_side() -> None:
    at = {node.key: node for node in drawn(BRANCHED).nodes}
    assert [at[key].y - at["a"].y for key in "abcd"] == [0, ROW, ROW, 2 * ROW]
    assert at["b"].x != at["c"].x
    assert (at["c"].wait_h, at["c"].evidence) == ("24", 1)
    labels = [arrow.label for arrow in drawn(BRANCHED).arrows if arrow.label]
    assert labels == ["答b", "答c"]


def test_each_end_is_drawn() -> None:
    ends = [arrow.end for arrow in drawn(BRANCHED).arrows if arrow.end]
    assert len(ends) == 2


def test_faults_are_marked_where_they_are() -> None:
    loop = sop(step("a", "b"), step("b", "a"))
    with pytest.raises(Invalid) as refused:
        read("sop", loop)
    picture = drawn(loop, fault=str(refused.value.field))
    assert [node.key for node in picture.nodes if node.is_faulty] == ["b"]
    assert [(arrow.source, arrow.leads_back) for arrow in picture.arrows if arrow.is_faulty] == [("b", True)]
    lost = sop(step("a"), step("b"))
    with pytest.raises(Invalid) as refused:
        read("sop", lost)
    picture = drawn(lost, fault=str(refused.value.field))
    assert [(node.key, node.is_reached) for node in picture.nodes if node.is_faulty] == [("b", False)]
    assert Fault.of("title.zh") == Fault()


def test_a_run_is_shown_on_it() -> None:
    picture = drawn(BRANCHED, marks={"a": "done", "b": "now"}, passed={"a": 0})
    assert [node.mark for node in picture.nodes] == ["done", "now", "", ""]
    assert [arrow.is_passed for arrow in picture.arrows if arrow.source == "a"] == [True, False]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), max_size=10))
def test_no_step_stands_on_another(ways: dict[int, list[int]]) -> None:
    steps = [step(f"s{at}", *(f"s{to}" for to in ways.get(at, []))) for at in range(len(ways) or 1)]
    picture = drawn(sop(*steps))
    for one, other in combinations(picture.nodes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    assert all(node.left >= 0 and node.left + WIDTH <= picture.width for node in picture.nodes)
    assert all(node.top >= 0 and node.top + HEIGHT <= picture.height for node in picture.nodes)


@pytest.mark.parametrize("rough", [{}, {"steps": 3}, {"steps": [1, {}, {"key": "a"}, {"key": "a", "edges": [2, {}]}]}])
def test_whatever_is_typed_can_be_drawn(rough: Any) -> None:
    assert render_to_string("knowledge/_drawing.html", {"drawing": drawn(rough)})


def test_words_in_it_are_words() -> None:
    picture = drawn(sop({**step("a"), "title": {"zh": "<script>"}}))
    assert "<script>" not in render_to_string("knowledge/_drawing.html", {"drawing": picture})
