"""Pure: what is drawn, what it is worth, and what makes a certificate lapse."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.certification.lapse import Learnt, Runs, lapses
from tickets.certification.marking import draw, mark, shuffled

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
pools = st.dictionaries(st.integers(1, 500), st.integers(0, 4), max_size=40).map(lambda pool: list(pool.items()))
answers = st.frozensets(st.integers(0, 5), max_size=6)


@given(pools, st.integers(0, 30), st.integers())
def test_a_draw_is_of_the_pool_without_repeats_and_as_long_as_asked(
    pool: list[tuple[int, int]], count: int, seed: int
) -> None:
    drawn = draw(pool, count, seed=seed)
    assert len(drawn) == len(set(drawn)) == min(count, len(pool))
    assert set(drawn) <= {number for number, _matter in pool}


@given(pools, st.integers(0, 30), st.integers(), st.randoms())
def test_the_same_seed_draws_the_same_whatever_the_pools_order(
    pool: list[tuple[int, int]], count: int, seed: int, chance: object
) -> None:
    other = sorted(pool, key=lambda _pair: chance.random())  # type: ignore[attr-defined]
    assert draw(pool, count, seed=seed) == draw(other, count, seed=seed)


@given(pools, st.integers(0, 30), st.integers())
def test_no_matter_is_left_out_by_chance(pool: list[tuple[int, int]], count: int, seed: int) -> None:
    matters = dict(pool)
    there, drawn = Counter(matters.values()), Counter(matters[number] for number in draw(pool, count, seed=seed))
    for matter, total in there.items():
        most = max(drawn.values(), default=0)
        assert drawn[matter] >= min(total, most - 1)


def test_seeds_differ() -> None:
    pool = [(number, 0) for number in range(40)]
    assert len({tuple(draw(pool, 10, seed=seed)) for seed in range(20)}) == 20


@given(st.integers(0, 6), st.integers())
def test_a_shuffle_is_a_permutation(count: int, seed: int) -> None:
    assert sorted(shuffled(count, seed=seed)) == list(range(count))


@given(st.lists(st.tuples(answers, answers), max_size=30), st.integers(1, 100))
def test_a_mark_counts_whole_questions_alone(pairs: list[tuple[frozenset[int], frozenset[int]]], least: int) -> None:
    right, given_ = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = mark(right, given_, pass_mark=least)
    good = sum(1 for one, other in pairs if one == other and other)
    assert found.correct == good
    assert found.passed == (bool(pairs) and good * 100 >= least * len(pairs))
    assert 0 <= found.per_cent <= 100
    assert not found.passed or found.per_cent >= least


@pytest.mark.parametrize(
    ("good", "total", "least", "passed"),
    [(4, 5, 80, True), (7, 9, 78, False), (2, 3, 66, True), (2, 3, 67, False), (0, 1, 1, False), (5, 5, 100, True)],
)
def test_the_pass_mark_is_reached_or_not(good: int, total: int, least: int, passed: bool) -> None:
    given_ = [frozenset({0})] * good + [frozenset[int]()] * (total - good)
    assert mark([frozenset({0})] * total, given_, pass_mark=least).passed is passed


def test_half_of_a_multiple_choice_is_nothing_and_no_exam_is_not_passed() -> None:
    assert mark([frozenset({0, 1})], [frozenset({0})], pass_mark=1).right == (False,)
    assert mark([frozenset({0, 1})], [frozenset({0, 1, 2})], pass_mark=1).right == (False,)
    assert not mark([], [], pass_mark=1).passed


@given(st.dictionaries(st.integers(1, 9), st.integers(1, 9)), st.dictionaries(st.integers(1, 9), st.integers(1, 9)))
def test_lapses_where_a_store_runs_what_is_newer(learnt: dict[int, int], runs: dict[int, int]) -> None:
    found = lapses(Learnt(learnt, NOW), [Runs(item, number) for item, number in runs.items()])
    assert {one.item for one in found} == {item for item, number in runs.items() if number > learnt.get(item, 0)}


def test_a_stores_own_text_lapses_by_its_time() -> None:
    learnt = Learnt({1: 3}, NOW)
    assert lapses(learnt, [Runs(1, 3, NOW - timedelta(days=1))]) == []
    newer = Runs(1, 3, NOW + timedelta(seconds=1))
    assert lapses(learnt, [newer]) == [newer]
