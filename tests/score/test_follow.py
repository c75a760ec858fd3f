"""What happened becomes rounds, days and scores; counted on the way, or from nothing, it is the same."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.reports.test_recount import CONVERSATIONS, replayed
from tests.scenes import buyer_writes
from tickets.actions.reply import reply_to_ticket
from tickets.models import Ticket
from tickets.policies.actions.set_rule import POLICY, Wanted, set_rule
from tickets.policies.queries import forget_rules
from tickets.policies.terms import SHIPPED_POLICIES, terms_of_policy
from tickets.replay.conversations import read_script
from tickets.score.actions.follow import follow, rescore
from tickets.score.models import Happening, ScoreDay, ScoredRound, Stirred, StoreScore
from tickets.score.queries.scores import headroom_of, standings_of, sums_of

HUMAN = "tmall_human_3min"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def rules_anew(db: None) -> Iterator[None]:
    forget_rules()
    Stirred.objects.all().delete()
    Happening.objects.all().delete()
    yield
    forget_rules()


def figures(store_id: int) -> dict[str, list[Any]]:
    """All that is kept of a store's scores, but for when the follower looked."""
    rounds = ScoredRound.objects.filter(store_id=store_id).exclude(verdict="open")
    return {
        "rounds": sorted(rounds.values_list("policy", "ticket_number", "number", "verdict", "why", "waited_s", "day")),
        "days": sorted(
            row
            for row in ScoreDay.objects.filter(store_id=store_id).values_list(
                "policy", "day", "met", "missed", "excluded", "worth", "seconds"
            )
            if any(row[2:])
        ),
        "scores": sorted(
            StoreScore.objects.filter(store_id=store_id).values_list("policy", "counted", "missed", "headroom", "rate")
        ),
    }


def answer(cast: Cast, number: int, at: datetime, key: str) -> None:
    ticket = Ticket.objects.select_for_update().get(pk=number)
    reply_to_ticket(ticket, author=cast.bo, body="马上为您查。", client_key=key, seen_seq=None, now=at)


def one_round(cast: Cast, store: Any, minutes: float, key: str, *, at: datetime = NOON) -> int:
    with in_store(store):
        number = buyer_writes(key, customer_id=key, at=at).ticket_number
        answer(cast, number, at + minutes * MINUTE, key)
    return number


def test_in_time_late_and_not_yet(cast: Cast) -> None:
    one_round(cast, cast.a, 2, "in-time")
    one_round(cast, cast.a, 4, "late")
    with in_store(cast.a):
        waits = buyer_writes("waits", customer_id="waits", at=NOON + 5 * MINUTE).ticket_number
    assert follow(NOON + 6 * MINUTE, store=cast.a.pk) == 3
    assert follow(NOON + 6 * MINUTE, store=cast.a.pk) == 0
    rounds = dict(ScoredRound.objects.filter(store=cast.a, policy=HUMAN).values_list("ticket_number", "verdict"))
    assert sorted(rounds.values()) == ["met", "missed", "open"]
    day = ScoreDay.objects.get(store=cast.a, policy=HUMAN)
    assert (day.met, day.missed, day.excluded) == (1, 1, 0)
    # Time alone makes the third one a miss.
    assert follow(NOON + 9 * MINUTE, store=cast.a.pk) == 1
    late = ScoredRound.objects.get(store=cast.a, policy=HUMAN, ticket_number=waits)
    assert (late.verdict, late.why) == ("missed", "unanswered")
    score = StoreScore.objects.get(store=cast.a, policy=HUMAN)
    assert (score.counted, score.missed, score.rate, score.standing) == (3, 2, pytest.approx(1 / 3), "exempt")
    assert score.headroom == -7  # seven more in time: 8 of 10


def test_nothing_of_one_store_is_told_of_another(cast: Cast) -> None:
    one_round(cast, cast.a, 4, "a")
    one_round(cast, cast.b, 1, "b")
    follow(NOON + 9 * MINUTE)
    assert {row.store_id for row in ScoredRound.objects.all()} >= {cast.a.pk}
    for store, verdict in ((cast.a, "missed"),):
        assert set(ScoredRound.objects.filter(store=store, policy=HUMAN).values_list("verdict", flat=True)) == {verdict}


def test_counted_on_the_way_is_counted_from_nothing(cast: Cast) -> None:
    """Two days of chats at random gaps, looked at in between at random: the sums are those of one count at the end."""
    rng = random.Random(7)
    at, numbers = NOON, list[int]()
    for index in range(60):
        at += timedelta(seconds=rng.choice((5, 40, 170, 190, 700, 9000)))
        with in_store(cast.a):
            buyer = f"b-{rng.randrange(12)}"
            number = buyer_writes(f"walk-{index}", "还在吗？", customer_id=buyer, at=at).ticket_number
            numbers.append(number)
            if rng.random() < 0.7:
                answer(cast, number, at + timedelta(seconds=rng.choice((2, 100, 179, 181, 900))), f"r-{index}")
                at += timedelta(seconds=900)
        if rng.random() < 0.4:
            follow(at, store=cast.a.pk)
    ends = at + timedelta(hours=1)
    follow(ends, store=cast.a.pk)
    on_the_way = figures(cast.a.pk)
    assert len(on_the_way["rounds"]) > 40
    assert rescore(cast.a.pk, now=ends) == len(set(numbers))
    assert figures(cast.a.pk) == on_the_way
    counted = ScoredRound.objects.filter(store=cast.a, policy=HUMAN)
    assert sums_of(cast.a.pk)[HUMAN].missed == counted.filter(verdict="missed").count() > 0
    assert sums_of(cast.a.pk)[HUMAN].met == counted.filter(verdict="met").count() > 0


@pytest.mark.skipif(not CONVERSATIONS, reason="DESKFLEET_CONVERSATIONS names no file")
def test_recorded_conversations_are_scored_on_the_way_as_from_nothing(cast: Cast) -> None:
    script = read_script(Path(CONVERSATIONS).read_bytes().splitlines())
    now = NOON
    for index, now in enumerate(replayed(cast.a, cast, script.conversations)):
        if index % 40 == 0:
            follow(now, store=cast.a.pk)
    ends = now + timedelta(days=2)
    follow(ends, store=cast.a.pk)
    on_the_way = figures(cast.a.pk)
    rescore(cast.a.pk, now=ends)
    assert figures(cast.a.pk) == on_the_way
    sys.stderr.write(f"\n{len(on_the_way['rounds'])} rounds, {len(on_the_way['days'])} days are the same\n")


def test_an_edit_holds_from_its_day_on_and_leaves_the_past_as_measured(cast: Cast) -> None:
    one_round(cast, cast.a, 4, "before")
    days = NOON + timedelta(days=2)
    follow(NOON + 9 * MINUTE, store=cast.a.pk)
    terms = {**terms_of_policy(SHIPPED_POLICIES[HUMAN]), "limit_s": 600}
    set_rule(cast.north.pk, POLICY, HUMAN, Wanted(terms, days.date(), None), by=cast.ann, now=NOON + 9 * MINUTE)
    one_round(cast, cast.a, 4, "after", at=days)
    follow(days + 9 * MINUTE, store=cast.a.pk)
    judged = ScoredRound.objects.filter(store=cast.a, policy=HUMAN).order_by("began")
    assert [(one.verdict, one.version) for one in judged] == [("missed", 0), ("met", 1)]
    on_the_way = figures(cast.a.pk)
    rescore(cast.a.pk, now=days + 9 * MINUTE)
    assert figures(cast.a.pk) == on_the_way


def test_windows_move_on_at_the_markets_midnight(cast: Cast) -> None:
    one_round(cast, cast.a, 4, "old")
    follow(NOON + 9 * MINUTE, store=cast.a.pk)
    assert StoreScore.objects.get(store=cast.a, policy=HUMAN).counted == 1
    follow(NOON + timedelta(days=31))
    score = StoreScore.objects.get(store=cast.a, policy=HUMAN)
    assert (score.counted, score.standing, score.rate) == (0, "unknown", None)


def test_as_many_statements_for_many_tickets_of_many_stores(cast: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            follow(NOON + 9 * MINUTE)
        return len(asked)

    one_round(cast, cast.a, 1, "first")
    few = statements()
    for index in range(6):
        one_round(cast, cast.a, index, f"more-{index}")
        one_round(cast, cast.b, index, f"more-{index}")
    assert statements() <= few + 1  # a score that went away


def test_headroom_and_standings(cast: Cast) -> None:
    one_round(cast, cast.a, 1, "x")
    follow(NOON + 9 * MINUTE)
    found = standings_of([cast.a.pk, cast.b.pk], now=NOON + 9 * MINUTE)
    mine = next(one for one in found if one.store_id == cast.a.pk and one.policy == HUMAN)
    assert (mine.counted, mine.rate, mine.standing) == (1, 1.0, "exempt")
    StoreScore.objects.update(standing="exempt")
    assert headroom_of([cast.a.pk]) == {cast.a.pk: None}  # too little is counted to be judged
    StoreScore.objects.filter(store=cast.a, policy=HUMAN).update(standing="close", headroom=3)
    assert headroom_of([cast.a.pk, cast.b.pk]) == {cast.a.pk: 3, cast.b.pk: None}


def test_command_scores_anew(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    one_round(cast, cast.a, 1, "x")
    call_command("rescore", store=cast.a.slug)
    assert capsys.readouterr().out.startswith(f"{cast.a.slug}: ")
    assert ScoredRound.objects.filter(store=cast.a, policy=HUMAN).count() == 1
    with pytest.raises(CommandError, match="no-such"):
        call_command("rescore", store="no-such")
