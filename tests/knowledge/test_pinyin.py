"""How Chinese words are found by those who type how they sound."""

from __future__ import annotations

import pytest

from knowledge.pinyin import LONGEST, sounds_like, spell


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ("退款", "tuikuan"),
        ("退款", "tk"),
        ("退款", "tuik"),
        ("退款", "tkuan"),
        ("退款", "tui'kuan"),  # as an input method shows it while one types
        ("申请退款进度", "tk"),
        ("重庆", "chongqing"),
        ("重庆", "cq"),
        ("重新发货", "cxfh"),
        ("银行卡", "yinhang"),
        ("还没收到", "hmsd"),
        ("还没收到", "haimeishoudao"),
        ("长度", "changdu"),
        ("差评", "chaping"),
        ("女装", "nvzhuang"),
        ("7天无理由", "7twly"),
        ("VIP会员", "viphy"),
        ("西安", "xian"),
        ("Refund status", "rs"),
        ("Refund status", "refst"),
    ],
)
def test_found(words: str, typed: str) -> None:
    assert sounds_like(spell(words), typed)


@pytest.mark.parametrize(
    ("words", "typed"),
    [("退款", "kt"), ("退款", "tuikuanx"), ("退款", ""), ("退款", "退"), ("退款", "uikuan"), ("", "a"), ("。！", "a")],
)
def test_not_found(words: str, typed: str) -> None:
    assert not sounds_like(spell(words), typed)


def test_spelling() -> None:
    assert spell("退款") == "tui kuan"
    assert spell("重庆，{buyer} 7天") == "zhong|chong qing buyer 7 tian"
    assert spell("𠮷嗯…") == "n"
    assert len(spell("退" * 10_000).split()) == LONGEST


def test_what_never_matches_costs_little() -> None:
    """Every letter may begin every syllable: the ways to read it must not multiply."""
    assert not sounds_like(spell("参差" * 100), "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccx")
