"""What is a bare greeting, and what says something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.clocks.words import is_bare_greeting

BARE = (
    "Hi",
    "Hello there!",
    "HEY",
    "在吗",
    "您好",
    "亲，在的～",
    "你好呀😊",
    "สวัสดีค่ะ",
    "halo kak",
    "  嗨 ",
    "good morning",
)
SAYING = (
    "Hi, your parcel left today",
    "hit",
    "您好，请问有什么可以帮您",
    "high",
    "",
    "👍",
    "好的",
    "there",
    "2",
    "亲，已发货",
)


@pytest.mark.parametrize("text", BARE)
def test_greeting_alone_is_bare(text: str) -> None:
    assert is_bare_greeting(text)


@pytest.mark.parametrize("text", SAYING)
def test_what_says_something_is_not(text: str) -> None:
    assert not is_bare_greeting(text)


@given(st.sampled_from(BARE), st.sampled_from(BARE), st.sampled_from([" ", "，", "!! ", "\n", " 😀 "]))
def test_two_greetings_are_no_more_than_one(one: str, other: str, between: str) -> None:
    assert is_bare_greeting(one + between + other)


@given(st.sampled_from(BARE), st.sampled_from(["7", "明天发货", "refund", "yes"]))
def test_any_word_more_makes_it_a_message(greeting: str, more: str) -> None:
    assert not is_bare_greeting(f"{greeting} {more}")


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_bare_greeting(text) in {True, False}
