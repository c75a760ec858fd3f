"""The editor's form: what is typed comes back as it was, and buttons change the shape and nothing else."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import set_urlconf

from knowledge.actions.add_starters import starters
from knowledge.content import read, write
from knowledge.models import Item
from knowledge.sop_cards import cards_of, words_of
from knowledge.sop_form import content_of, input_of, shaped
from tests.knowledge.test_sop_content import sop, step
from tests.sops import REFUND

STARTERS = {starter["content"]["title"]["en"]: starter for starter in starters("sop")}


def form_of(content: Any) -> QueryDict:
    """What a browser would send of the cards, untouched."""
    context = {
        "item": Item(pk=1),
        "cards": cards_of(content),
        "sop_title": words_of(content.get("title")),
        "purpose": words_of(content.get("purpose")),
    }
    set_urlconf("config.urls_agency")
    html = render_to_string("knowledge/admin/sops/_cards.html", context)
    set_urlconf(None)
    fields = QueryDict(mutable=True)
    for tag in re.finditer(
        r"<input([^>]*)>|<textarea([^>]*)>(.*?)</textarea>|<select([^>]*)>(.*?)</select>", html, re.DOTALL
    ):
        attributes = tag[1] or tag[2] or tag[4] or ""
        name = re.search(r'name="([^"]*)"', attributes)
        if name is None or ('type="checkbox"' in attributes and " checked" not in attributes):
            continue
        if tag[4] is not None:
            chosen = re.search(r'<option value="([^"]*)" selected', tag[5]) or re.search(r'value="([^"]*)"', tag[5])
            value = chosen[1] if chosen else ""
        elif tag[2] is not None:
            value = tag[3]
        else:
            told = re.search(r'value="([^"]*)"', attributes)
            value = told[1] if told else ""
        fields.appendlist(unescape(name[1]), unescape(value))
    return fields


@pytest.mark.parametrize("name", STARTERS)
def test_the_starter_set_is_sound_and_goes_through_the_form_unchanged(name: str) -> None:
    content = write(read("sop", STARTERS[name]["content"]))
    assert write(read("sop", content_of(form_of(content)))) == content
    assert all(step["title"]["zh"] and step["title"]["en"] for step in content["steps"])


def test_the_starter_set_covers_what_it_is_for() -> None:
    covered = {category for starter in STARTERS.values() for category in starter["categories"]}
    assert covered >= {
        "logistics", "quality", "size", "usage", "refund", "counterfeit", "ad_mismatch", "account_payment",
        "negative_review", "live_stream",
    }  # fmt: skip


def test_what_is_not_sound_comes_back_as_it_was_typed() -> None:
    rough = content_of(QueryDict("title.zh=x&steps=a&s.a.kind=wait&s.a.title.zh=&s.a.wait_h=soon&s.a.edges=0"))
    assert rough["steps"][0]["wait_h"] == "soon"
    again = content_of(form_of(rough))
    assert again == rough


def test_names_that_our_form_does_not_write_are_left_out() -> None:
    fields = QueryDict("steps=a&steps=a&steps=../x&steps=A&steps=" + "x" * 41)
    assert [step["key"] for step in content_of(fields)["steps"]] == ["a"]


def press(content: Any, button: str) -> Any:
    return shaped(content, button)[0]


def ways(content: Any) -> dict[str, list[str]]:
    return {step["key"]: [edge["to"] for edge in step["edges"]] for step in content["steps"]}


def test_a_step_is_put_into_a_way() -> None:
    content = sop(step("a", "b", "c", kind="ask"), step("b"), step("c"))
    after, look = shaped(content, "add:a:1")
    assert look == "s1"
    assert ways(after) == {"a": ["b", "s1"], "s1": ["c"], "b": [], "c": []}
    assert [each["key"] for each in after["steps"]] == ["a", "s1", "b", "c"]
    assert ways(content)["a"] == ["b", "c"]  # what was given is left alone


def test_a_step_that_is_taken_out_is_passed_by() -> None:
    content = sop(step("a", "b"), step("b", "c"), step("c"))
    assert ways(press(content, "remove:b")) == {"a": ["c"], "c": []}
    assert len(press(sop(step("a")), "remove:a")["steps"]) == 1


def test_order_is_changed_by_buttons() -> None:
    content = sop(step("a", "b"), step("b"))
    assert [each["key"] for each in press(content, "down:a")["steps"]] == ["b", "a"]
    assert [each["key"] for each in press(content, "up:a")["steps"]] == ["a", "b"]


@pytest.mark.parametrize(("kind", "total"), [("ask", 2), ("check", 2), ("do", 1), ("send", 1), ("wait", 1)])
def test_another_kind_has_the_ways_it_needs(kind: str, total: int) -> None:
    edges = press(sop({**step("a"), "kind": kind}), "kind:a")["steps"][0]["edges"]
    assert len(edges) == total
    assert ["when" in edge for edge in edges] == ([True, False] if kind == "check" else [False] * total)


def test_ways_and_evidence_come_and_go() -> None:
    content = write(read("sop", REFUND))
    assert len(press(content, "add-edge:choose")["steps"][1]["edges"]) == 3
    assert "when" in press(content, "add-edge:shown")["steps"][2]["edges"][1]
    added = press(content, "add-evidence:choose")
    assert [each["key"] for each in added["steps"][1]["evidence"]] == ["sum", "e1"]
    assert press(added, "remove-evidence:choose:sum")["steps"][1]["evidence"][0]["key"] == "e1"
    three = press(content, "add-edge:choose")
    assert press(three, "remove-edge:choose:2")["steps"][1]["edges"] == content["steps"][1]["edges"]


@pytest.mark.parametrize("button", ["", "x", "up", "remove:zzz", "add:a:99", "remove-edge:a:x", "kind:", "::::"])
def test_what_is_no_button_breaks_nothing(button: str) -> None:
    content, _look_at = shaped(sop(step("a", "b"), step("b")), button)
    assert {"a", "b"} <= {each["key"] for each in content["steps"]}, "nothing was lost"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("title", "title.zh"),
        ("steps.1.title", "s.choose.title.zh"),
        ("steps.1.edges.0.to", "s.choose.edges.0.to"),
        ("steps.1.edges.1.label", "s.choose.edges.1.label.zh"),
        ("steps.1.evidence.0.label", "s.choose.evidence.sum.label.zh"),
        ("steps.2.edges.0.when", "s.shown.edges.0.fact"),
        ("steps.2.edges.0.when.value", "s.shown.edges.0.value"),
        ("steps.0.words.en", "s.soothe.words.en"),
        ("steps.99.title", "steps.99.title"),
    ],
)
def test_a_refused_field_is_found_in_the_form(field: str, name: str) -> None:
    assert input_of(field, REFUND) == name
