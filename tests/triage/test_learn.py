"""The learner: what it sees of a text, what it keeps, how it is judged; no word and no contact in what is kept."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.triage.features import features_of, grams_of, without_private
from tickets.triage.learn import Example, Learned, OfLabel, fit, learn, split
from tickets.triage.model import Model, NoModel

KEY = b"k" * 32
SAID = {
    "refund": ("我要退款", "请退款给我", "可以退钱吗", "I want a refund", "money back please"),
    "logistics": ("快递到哪了", "什么时候发货", "物流没有更新", "where is my parcel", "when do you ship"),
}


def examples() -> list[Example]:
    """240 texts, no two alike."""
    ends = ["谢谢", "急", "亲", "please", "hello", "在吗", "您好", "ok"]
    made = [
        Example(f"{text} {first} {second}", label, f"{label}{number}{first}{second}")
        for label, texts in SAID.items()
        for number, text in enumerate(texts)
        for first, second in product(ends[:3], ends)
    ]
    assert len(made) == 240
    return made


def learned_model() -> Model:
    return fit([e.text for e in examples()], [e.label for e in examples()], KEY)


@pytest.mark.parametrize(
    "private",
    [
        "buyer@example.com",
        "13812345678",
        "138 1234 5678",
        "https://shop.example/x?u=1",
        "@some-body",
        "SF1082330",
        "11354-2617",
    ],
)
def test_contacts_and_numbers_are_no_features(private: str) -> None:
    assert without_private(f"退款 {private} please").split() == ["退款", "please"]
    assert features_of(f"退款 {private} please", KEY) == features_of("退款 please", KEY)


def test_chinese_is_cut_into_words() -> None:
    assert {"w退款", "p退款 物流"} <= set(grams_of("退款 物流"))


def test_numbers_of_features_are_the_keys() -> None:
    """Whoever has the numbers and not the key can't look words up."""
    one, other = features_of("我要退款", KEY), features_of("我要退款", b"o" * 32)
    assert len(one) == len(other)
    assert not set(one) & set(other)


def test_it_learns_and_says_why() -> None:
    guess = learned_model().guess("麻烦退款", KEY)
    assert guess is not None
    assert (guess.label, guess.because[:1]) == ("refund", ("退款",))
    assert guess.share > 0.8


def test_what_is_in_fewer_than_three_texts_is_dropped() -> None:
    rare = [Example("zhangsan 张三丰 refund 退款", "refund", "r1"), Example("zhangsan refund", "refund", "r2")]
    more = [*examples(), *rare]
    model = fit([e.text for e in more], [e.label for e in more], KEY)
    kept = set(map(int, model.numbers))
    assert not kept & set(features_of("zhangsan", KEY)) & _only(rare, examples())
    assert kept & set(features_of("退款", KEY))


def _only(some: list[Example], others: list[Example]) -> set[int]:
    count = Counter(number for e in some for number in features_of(e.text, KEY))
    return set(count) - {number for e in others for number in features_of(e.text, KEY)}


def test_an_unknown_text_is_not_guessed() -> None:
    assert learned_model().guess("☺", KEY) is None


def test_held_out_texts_are_the_same_each_time_and_are_not_taught() -> None:
    taught, held_out = split(examples())
    assert split(examples()) == (taught, held_out)
    assert not {e.text for e in taught} & {e.text for e in held_out}
    assert 0.1 < len(held_out) / 240 < 0.35
    assert split([*examples(), Example("new", "refund", "new")])[1][: len(held_out)] == held_out


def test_copies_of_taught_texts_judge_nothing() -> None:
    """But for its number, it is the same sentence: to know it again is not to understand it."""
    copies = [Example(f"cancel order {1000 + number}", "refund", str(number)) for number in range(50)]
    assert split(copies)[1] == []


def test_accuracy_is_of_what_was_held_out() -> None:
    taught, held_out = split(examples())
    learned = learn(taught, held_out, KEY)
    assert learned.held_out == len(held_out)
    assert learned.right == sum(one.right for one in learned.of_labels)
    assert learned.accuracy == 1.0
    wrong = learn(taught, [Example(e.text, "size", e.mark) for e in held_out], KEY)
    assert wrong.accuracy == 0.0


def test_what_is_no_judge_only_teaches() -> None:
    """And neither where its ticket is held out: what judges it would have been taught."""
    others = [Example(f"好评 {mark}", "refund", mark, is_judge=False) for mark in map(chr, range(0x4E00, 0x4E40))]
    taught, held_out = split([*examples(), *others])
    assert (set(taught) & set(others)) < set(others)
    assert set(taught) & set(others)
    assert not set(held_out) & set(others)


@pytest.mark.parametrize(
    ("right", "by_rule", "threshold", "is_good"),
    [(90, 60, 80, True), (79, 60, 80, False), (90, 91, 80, False), (90, 90, 80, True), (85, 0, 80, False)],
)
def test_version_is_good_or_stays_off(right: int, by_rule: int, threshold: int, is_good: bool) -> None:
    """Below the threshold, worse than the rules, or no better than who always says the commonest: off."""
    of_labels = (OfLabel("unhappy", 85, 90, min(right, 85)), OfLabel("pleased", 15, 10, max(0, right - 85)))
    learned = Learned(learned_model(), trained=400, held_out=100, right=right, of_labels=of_labels)
    assert learned.is_good(threshold, by_rule) is is_good


@pytest.mark.parametrize("labels", [[], ["refund"] * 5])
def test_one_label_teaches_nothing(labels: list[str]) -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit(["退款"] * len(labels), labels, KEY)


def test_a_model_is_written_and_read_without_pickle() -> None:
    model = learned_model()
    again = Model.from_bytes(model.to_bytes())
    for text in ("退款", "快递", "hello there"):
        assert again.guess(text, KEY) == model.guess(text, KEY)
    with np.load(io.BytesIO(model.to_bytes()), allow_pickle=False) as parts:
        assert {parts[name].dtype.kind for name in parts.files} <= {"u", "f", "U"}


def _packed(**parts: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **parts)
    return file.getvalue()


def test_what_is_no_model_is_refused() -> None:
    whole = learned_model().to_bytes()
    objects = _packed(labels=np.array([{"a": 1}], dtype=object))
    shapes = _packed(
        labels=["a", "b"],
        numbers=np.zeros(3, np.uint32),
        rarity=np.zeros(2),
        weights=np.zeros((3, 2)),
        bias=np.zeros(2),
    )
    bomb = _packed(labels=["a"], numbers=np.zeros(20_000_000, np.uint32))
    for bad in (b"", b"x" * 100, whole[: len(whole) // 2], objects, shapes, bomb):
        with pytest.raises(NoModel):
            Model.from_bytes(bad)


@given(st.text(max_size=200))
def test_whatever_is_written_has_features(text: str) -> None:
    assert all(0 <= number < 2**32 for number in features_of(text, KEY))


def test_a_web_process_loads_nothing_that_learns() -> None:
    """openpyxl would import it by itself. And psycopg, which looks for it, writes numbers without."""
    code = (
        "import sys, config.web, config.asgi, config.urls_agency, config.urls_store, psycopg.adapt;"
        "assert psycopg.adapt.Transformer().as_literal(1) == b'1';"
        "sys.exit(any(sys.modules.get(name) for name in ('scipy', 'sklearn', 'tickets.triage.model')))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
