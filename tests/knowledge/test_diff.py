"""What differs between two contents, told in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.diff import MOST_WORDS, difference, mark_words
from knowledge.facts import CHANNELS
from tickets.channels import Channel


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


def sop(**more: Any) -> dict[str, Any]:
    step = {
        "key": "look",
        "kind": "ask",
        "title": {"zh": "核实订单", "en": "Look at the order"},
        "edges": [{"to": "pay", "label": {"zh": "有货"}}, {"to": "", "label": {"zh": "没货"}}],
    }
    pay = {"key": "pay", "kind": "do", "title": {"zh": "退款"}}
    return {"title": {"zh": "退款流程", "en": "Refunds"}, "purpose": {}, "steps": [{**step, **more}, pay]}


def marked(pieces: Any, mark: str) -> list[str]:
    return [piece.text for piece in pieces if piece.mark == mark]


def test_words_are_marked_in_both_languages() -> None:
    before = {"title": {"zh": "退款", "en": "Refund"}, "body": {"zh": "您好，三天内到账。", "en": "Three days."}}
    after = {"title": {"zh": "退款", "en": "Refund"}, "body": {"zh": "您好，七天内到账。", "en": "Seven days."}}
    (section,) = difference("reply", before, after)
    assert [(line.path, line.language) for line in section.lines] == [("body.zh", "zh"), ("body.en", "en")]
    zh, en = section.lines
    assert ("".join(marked(zh.before, "gone"))[0], "".join(marked(zh.after, "new"))[0]) == ("三", "七")
    assert (marked(en.before, "gone"), marked(en.after, "new")) == (["Three"], ["Seven"])


def test_a_step_is_known_by_its_key_wherever_it_stands() -> None:
    before = sop()
    after = sop(title={"zh": "核实订单与物流", "en": "Look at the order"})
    after["steps"].insert(0, {"key": "greet", "kind": "send", "title": {"zh": "安抚"}, "words": {"zh": "您好"}})
    sections = {section.key: section for section in difference("sop", before, after)}
    assert {key: section.kind for key, section in sections.items()} == {
        "": "changed",
        "greet": "added",
        "look": "changed",
    }
    assert [line.path for line in sections["look"].lines] == ["steps.look.title.zh"]
    assert [line.label for line in sections[""].lines] == ["Order of the steps"]


def test_ways_are_told_by_titles_and_conditions_in_words() -> None:
    when = {"fact": "channel", "operator": "is", "value": "tiktok_shop"}
    after = sop(kind="check", edges=[{"to": "pay", "when": when}, {"to": ""}])
    (section,) = difference("sop", sop(), after)
    told = {line.path: "".join(piece.text for piece in line.after) for line in section.lines}
    assert told["steps.look.edges.0.when"] == "channel is TikTok Shop"
    assert told["steps.look.kind"] == "Check by itself"
    assert told["steps.look.edges.0.label.zh"] == ""


def test_the_same_is_nothing_and_all_is_new_where_nothing_was() -> None:
    assert difference("sop", sop(), sop()) == ()
    assert [section.kind for section in difference("sop", None, sop())] == ["changed", "added", "added"]
    assert difference("article", None, None) == ()


def test_what_is_long_is_compared_line_by_line() -> None:
    long = "\n".join(f"第{number}行" for number in range(MOST_WORDS * 2))
    before, after = mark_words(long, long.replace("第77行", "第七十七行"))
    assert marked(before, "gone") == ["第77行\n"]
    assert marked(after, "new") == ["第七十七行\n"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(), st.text())
def test_the_pieces_are_the_texts(before: str, after: str) -> None:
    old, new = mark_words(before, after)
    assert ("".join(p.text for p in old), "".join(p.text for p in new)) == (before, after)


@pytest.mark.parametrize("rough", [{}, {"steps": "x"}, {"steps": [3, {}]}, {"title": "x", "steps": [{"edges": [1]}]}])
def test_what_is_not_sound_can_be_compared(rough: Any) -> None:
    assert difference("sop", sop(), rough), "something is different"
    assert difference("sop", rough, sop())


def test_it_is_shown_safely() -> None:
    after = {"title": {"zh": "<script>alert(1)</script>"}, "body": {"zh": "x"}}
    sections = difference("article", {"title": {"zh": "y"}, "body": {"zh": "x"}}, after)
    html = render_to_string(
        "knowledge/_difference.html", {"sections": sections, "before_name": "v1", "after_name": "v2"}
    )
    assert "<script>" not in html
    assert "<ins>" in html


def test_channels_are_those_of_tickets() -> None:
    assert [value for value, _label in CHANNELS] == Channel.values
    assert [str(label) for _value, label in CHANNELS] == [str(label) for label in Channel.labels]
