"""Quick replies: what is refused, what is text and nothing more, and how one is filled in."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.content import read
from knowledge.content.reply import EXAMPLES, VARIABLES, fill, unfill
from tenants.errors import Invalid


def said(body: Any, **more: Any) -> dict[str, Any]:
    return {"title": {"zh": "标题"}, "body": {"zh": body}, **more}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (said("退" * 10_000), "body.zh"),
        (said("{nobody}您好"), "body.zh"),
        (said("您好\x00"), "body.zh"),
        (said("\ud800"), "body.zh"),
        (said(""), "body"),
        (said("   "), "body"),
        (said(7), "body.zh"),
        ({"title": {}, "body": {"zh": "您好"}}, "title"),
        (said("您好", shortcut="x" * 41), "shortcut"),
        (said("您好", pictures=["../../etc/passwd"]), "pictures"),
        (said("您好", pictures=["00000000-0000-0000-0000-000000000001"] * 6), "pictures"),
        (said("您好", pictures="no"), "pictures"),
    ],
)
def test_refused(content: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read("reply", content)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "{0.__class__}", "{}", "{ buyer }", "%s {!r}", "${order", "{buyer.__class__}"]
)
def test_is_text_and_nothing_more(text: str) -> None:
    read("reply", said(f"您好 {text}"))
    filled, missing = fill(f"您好 {text}", dict.fromkeys(VARIABLES, "X"))
    assert filled == f"您好 {text}"
    assert missing == ()


def test_filled_once_and_never_again() -> None:
    words, missing = fill("{buyer}您好，订单{order}，{carrier}", {"buyer": "{order}", "order": "42"})
    assert words == "{order}您好，订单42，{carrier}"
    assert missing == ("carrier",)


def test_known_to_be_nothing() -> None:
    assert fill("{buyer}您好", {"buyer": ""}) == ("您好", ())


def test_what_is_one_buyers_becomes_a_variable() -> None:
    words = unfill("林小满您好，订单 2049 已发出，尾号 49。", {"buyer": "林小满", "order": "2049", "agent": "小"})
    assert words == "{buyer}您好，订单 {order} 已发出，尾号 49。"


def test_every_variable_has_an_example() -> None:
    assert EXAMPLES.keys() == VARIABLES.keys()
