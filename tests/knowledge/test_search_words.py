"""How text is taken apart, what a mistyped word is near to, and what a snippet shows. No table is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.asked import MOST_GROUPS, read_asked
from knowledge.search.lexemes import TEXT, Vector, sound_of
from knowledge.search.mistyped import edits
from knowledge.search.snippets import AROUND, mark, snippet
from knowledge.search.words import compact, pairs_of, parts_of, plain, runs_of


def kinds(text: str) -> list[tuple[str, str]]:
    return [(run.kind, run.text) for run in runs_of(plain(text))]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("ＡＢＣ 退款！", [("word", "abc"), ("han", "退款")]),
        ("iPhone15手机壳", [("code", "iphone15"), ("han", "手机壳")]),
        ("SF-1082-33X 号", [("code", "sf-1082-33x"), ("han", "号")]),
        ("don't wash-and-wear", [("word", "dont"), ("word", "wash"), ("word", "and"), ("word", "wear")]),
        ("用户name测试", [("han", "用户"), ("word", "name"), ("han", "测试")]),
        ("——《》…😀", []),
    ],
)
def test_runs(text: str, runs: list[tuple[str, str]]) -> None:
    assert kinds(text) == runs


def test_pieces() -> None:
    assert pairs_of("退款吗") == ["·退款", "·款吗", "·吗"]
    assert (compact("sf-1082/a"), parts_of("sf-1082/a")) == ("sf1082a", ["sf", "1082", "a"])
    assert (sound_of("退款"), sound_of("abc")) == ("tuikuan", "")


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("refund", "refund", 0), ("refnud", "refund", 1), ("refnd", "refund", 1), ("refuund", "refund", 1), ("a", "", 1)],
)
def test_edits(one: str, other: str, distance: int) -> None:
    assert edits(one, other) == edits(other, one) == distance


@given(st.text(max_size=300))
def test_any_text_is_taken_apart_and_nothing_of_it_is_a_query(text: str) -> None:
    asked = read_asked(text)
    assert len(asked.groups) <= MOST_GROUPS
    for group in asked.groups:
        assert group.han or group.english
        for query in (group.han, group.english):
            assert not set(query) & set('\\!<>"\x00;-')
    vector = Vector()
    vector.add(text, TEXT, {})
    assert "\x00" not in vector.write()


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_marking_changes_no_letter(text: str, marks: list[str]) -> None:
    assert "".join(part.text for part in mark(text, marks)) == text
    assert len("".join(part.text for part in snippet(text, marks))) <= AROUND + 2


def test_a_snippet_shows_the_place() -> None:
    text = "前面的话。" * 60 + "运费由我们承担，退款三天到账。" + "后面的话。" * 60
    shown = snippet(text, ["退款", "运费"])
    assert [part.text for part in shown if part.is_found] == ["运费", "退款"]
    assert shown[0].text == "…"
    assert [part.text for part in mark("<b>Refunds</b> refunding", ["refund"]) if part.is_found] == [
        "Refunds",
        "refunding",
    ]
