"""The automatic word: in the buyer's language, and true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.acknowledgement import acknowledgement, language_of
from tickets.clocks.wait import STEPS


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("什么时候发货？", "zh"),
        ("Where is my order?", "en"),
        ("这个 iPhone 15 Pro Max 手机壳有货吗", "zh"),
        ("我要退货 OK", "zh"),
        ("請問什麼時候出貨", "zh"),
        ("注文はいつ届きますか", "en"),
        ("언제 배송되나요", "en"),
        ("¿Dónde está mi pedido?", "en"),
        ("สินค้าจะส่งเมื่อไหร่", "en"),
        ("The 包 is broken, I want my money back", "en"),
        ("??", ""),
        ("😭😭", ""),
        ("123456789", ""),
        ("", ""),
    ],
)
def test_language_is_read_off_the_words(text: str, language: str) -> None:
    assert language_of(text) == language


@given(st.text(max_size=500))
def test_no_text_confuses_it(text: str) -> None:
    assert language_of(text) in {"zh", "en", ""}


@pytest.mark.parametrize("language", ["zh", "en", ""])
@pytest.mark.parametrize("wait", STEPS)
def test_every_step_is_told_in_words(language: str, wait: object) -> None:
    told = acknowledgement(language, wait)  # type: ignore[arg-type]
    assert "within ." not in told
    assert "在内" not in told
    assert any(digit in told for digit in "123456789")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_measure_no_time_is_named(language: str) -> None:
    assert not any(sign.isdigit() for sign in acknowledgement(language, None))


def test_plural_and_hours_are_right() -> None:
    one, ninety, day = STEPS[0], next(s for s in STEPS if s.seconds == 5400), STEPS[-1]
    assert acknowledgement("en", one).endswith("within 1 minute.")
    assert acknowledgement("en", ninety).endswith("within 1 hour 30 minutes.")
    assert acknowledgement("en", day).endswith("within 24 hours.")
    assert "1小时30分钟内" in acknowledgement("zh", ninety)
