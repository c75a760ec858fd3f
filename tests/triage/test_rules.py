"""Triage by rules and word lists: zh and en, turned-round words, silence rather than a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.categories import Category
from tickets.moods import Mood
from tickets.triage.rules import CALM, NOW, SOON, judge
from tickets.triage.words import lists


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("什么时候发货？", "logistics"),
        ("Where is my order? Tracking shows nothing", "logistics"),
        ("收到就坏了，漏液", "quality"),
        ("身高170穿多大", "size"),
        ("这个怎么安装", "usage"),
        ("我要退款", "refund"),
        ("Can I get my money back", "refund"),
        ("是正品吗？感觉是假货", "counterfeit"),
        ("实物和图片不一样", "ad_mismatch"),
        ("付款失败，重复扣款", "account_payment"),
        ("有优惠券吗，想买两件", "pre_sale"),
        ("Is it in stock?", "pre_sale"),
        ("直播间说有赠品", "live_stream"),
    ],
)
def test_category_is_what_most_is_said_of(text: str, category: str) -> None:
    assert judge(text).category == category


@pytest.mark.parametrize("text", ["", "在吗", "Hi", "👍", "123456", "好的"])
def test_nothing_is_said_where_nothing_tells(text: str) -> None:
    judged = judge(text)
    assert (judged.category, judged.mood, judged.is_presale, judged.urgency) == ("", Mood.NEUTRAL, None, CALM)


def test_what_is_turned_round_is_not_what_it_is_about() -> None:
    assert judge("The box was not broken").category == ""
    assert judge("没有破损").category == ""


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("很满意，会回购", Mood.PLEASED),
        ("不满意", Mood.UNHAPPY),
        ("太差了，骗人", Mood.UNHAPPY),
        ("not happy at all", Mood.UNHAPPY),
        ("Great, thank you", Mood.PLEASED),
        ("terrible, never again", Mood.UNHAPPY),
        ("It came on Tuesday", Mood.NEUTRAL),
    ],
)
def test_mood(text: str, mood: Mood) -> None:
    assert judge(text).mood == mood


def test_mood_names_its_words() -> None:
    assert judge("太差了，骗人").moved == ("太差", "骗人")
    assert judge("Great, thank you").moved == ("great", "thank")
    assert judge("太差了，但是很好看").moved == ()


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("用了以后过敏，要去医院", NOW),
        ("I will call my lawyer", NOW),
        ("急用，马上发", SOON),
        ("不急", CALM),
        ("hi", CALM),
    ],
)
def test_urgency(text: str, urgency: int) -> None:
    assert judge(text).urgency == urgency


def test_before_or_after_buying() -> None:
    assert judge("还有货吗").is_presale is True
    assert judge("快递还没到").is_presale is False
    assert judge("怎么安装").is_presale is None


def test_language_is_the_acknowledgements() -> None:
    assert [judge(text).language for text in ("退款", "refund", "！？")] == ["zh", "en", ""]


def test_lists_are_sound() -> None:
    """Each category but the review's has words; none is there twice; none is empty, which would find everything."""
    assert set(lists()) == {*Category.values, "negative", "positive", "urgent", "soon"} - {"negative_review"}
    for name, words in lists().items():
        assert len(words) == len(set(words)), name
        assert all(word.strip("* ") for word in words), name


@given(st.text(max_size=300))
def test_whatever_is_written_is_judged(text: str) -> None:
    judged = judge(text)
    assert judged.category in {"", *Category.values}
    assert judged.mood in {-1, 0, 1}
