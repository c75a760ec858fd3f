"""reckon: tickets are scored whole, and the days and scores of their stores follow. Pure figures, one transaction.

What was counted of a ticket before is taken away and what is counted now is added, so that late events, edits of a
policy and a second look end in the same sums as a count from nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tenants.context import ask
from tickets.clocks.policy import Policy
from tickets.clocks.score import NOTHING, Round, Tally, forecast_of, rounds_of, score_of, window_of
from tickets.policies.book import Book
from tickets.policies.queries import books_of
from tickets.score.queries.feed import Key, Story, stories_of

Of = tuple[int, str]  # (store, policy's key)
Day = tuple[int, str, date]

_OLD: Final = """
DELETE FROM score_scoredround old USING unnest(%(stores)s::bigint[], %(tickets)s::bigint[]) AS wanted(store, ticket)
WHERE old.store_id = wanted.store AND old.ticket_number = wanted.ticket
RETURNING old.store_id, old.policy, old.day, old.verdict, old.worth, old.waited_s
"""
_NEW: Final = """
INSERT INTO score_scoredround (store_id, policy, ticket_number, number, began, ended, due_at, day, verdict, why,
                               waited_s, worth, person_id, version)
SELECT store, policy, ticket, number, began, ended, due_at, day, verdict, why, waited_s, worth,
       (SELECT id FROM tenants_user WHERE id = person), version
FROM jsonb_to_recordset(%(rounds)s::jsonb) AS one(
  store bigint, policy text, ticket bigint, number int, began timestamptz, ended timestamptz, due_at timestamptz,
  day date, verdict text, why text, waited_s float, worth int, person bigint, version int)
"""
_DAYS: Final = """
INSERT INTO score_scoreday AS day (store_id, policy, day, met, missed, excluded, worth, seconds)
SELECT store, policy, at, met, missed, excluded, worth, seconds FROM jsonb_to_recordset(%(days)s::jsonb) AS one(
  store bigint, policy text, at date, met int, missed int, excluded int, worth int, seconds bigint)
ON CONFLICT (store_id, policy, day) DO UPDATE SET met = day.met + EXCLUDED.met, missed = day.missed + EXCLUDED.missed,
  excluded = day.excluded + EXCLUDED.excluded, worth = day.worth + EXCLUDED.worth,
  seconds = day.seconds + EXCLUDED.seconds
"""
_READ: Final = """
SELECT day.store_id, day.policy, day.day, day.met, day.missed, day.excluded, day.worth, day.seconds
FROM unnest(%(stores)s::bigint[], %(policies)s::text[], %(firsts)s::date[]) AS wanted(store, policy, first)
JOIN score_scoreday day ON day.store_id = wanted.store AND day.policy = wanted.policy AND day.day >= wanted.first
"""
_SCORES: Final = """
INSERT INTO score_storescore (store_id, policy, day, until, rate, counted, missed, excluded, headroom, standing,
                              falls_on, at_end)
SELECT store, policy, day, until, rate, counted, missed, excluded, headroom, standing, falls_on, at_end
FROM jsonb_to_recordset(%(scores)s::jsonb) AS one(
  store bigint, policy text, day date, until timestamptz, rate float, counted int, missed int, excluded int,
  headroom int, standing text, falls_on date, at_end float)
ON CONFLICT (store_id, policy) DO UPDATE SET day = EXCLUDED.day, until = EXCLUDED.until, rate = EXCLUDED.rate,
  counted = EXCLUDED.counted, missed = EXCLUDED.missed, excluded = EXCLUDED.excluded, headroom = EXCLUDED.headroom,
  standing = EXCLUDED.standing, falls_on = EXCLUDED.falls_on, at_end = EXCLUDED.at_end
"""
_GONE: Final = """
DELETE FROM score_storescore score USING unnest(%(stores)s::bigint[], %(policies)s::text[]) AS gone(store, policy)
WHERE score.store_id = gone.store AND score.policy = gone.policy
"""


def reckon(keys: Collection[Key], *, now: datetime) -> None:
    """Scores these tickets anew, with all that is known of them. In a transaction. Seven statements, however many."""
    if not keys:
        return
    books = books_of({store for store, _ in keys})
    deltas: dict[Day, Tally] = defaultdict(lambda: NOTHING)
    columns = {"stores": [store for store, _ in keys], "tickets": [ticket for _, ticket in keys]}
    for store, policy, day, verdict, worth, waited_s in ask(_OLD, columns):
        deltas[store, policy, day] -= _tally(verdict, worth, waited_s)
    rows = []
    for key, story in stories_of(keys).items():
        for policy, one in _scored(story, books[key[0]], now):
            deltas[key[0], policy, one.day] += one.tally()
            rows.append(_row(key, policy, one))
    ask(_NEW, {"rounds": json.dumps(rows)})
    changed = {day: tally for day, tally in deltas.items() if tally != NOTHING}
    if changed:
        ask(_DAYS, {"days": json.dumps([_day(day, tally) for day, tally in changed.items()])})
    reckon_scores({(store, policy) for store, policy, _ in changed}, books, now=now)


def reckon_scores(of: Iterable[Of], books: Mapping[int, Book], *, now: datetime) -> None:
    """Where these stores stand with these policies today, by what was counted. Three statements at most."""
    held: dict[Of, Policy] = {}
    gone: list[Of] = []
    for store, key in of:
        policy = _policy_of(books[store], key, now) if store in books else None
        if policy is None:
            gone.append((store, key))
        else:
            held[store, key] = policy
    if gone:
        ask(_GONE, {"stores": [store for store, _ in gone], "policies": [key for _, key in gone]})
    if held:
        days = _days_of(held, now)
        scores = [_score(of, policy, days.get(of, {}), now) for of, policy in held.items()]
        ask(_SCORES, {"scores": json.dumps(scores)})


def _scored(story: Story, book: Book, now: datetime) -> list[tuple[str, Round]]:
    """Under every policy of the ticket's channel that held when anything in it happened."""
    keys = dict.fromkeys(
        policy.key for one in story.happenings for policy in book.at(one.at).policies if policy.channel == story.channel
    )

    def is_holiday(at: datetime) -> bool:
        return book.at(at).is_holiday(at)

    def under(key: str) -> tuple[Round, ...]:
        return rounds_of(story.happenings, lambda at: _policy_of(book, key, at), is_holiday=is_holiday, now=now)

    return [(key, one) for key in keys for one in under(key)]


def _policy_of(book: Book, key: str, at: datetime) -> Policy | None:
    return next((policy for policy in book.at(at).policies if policy.key == key), None)


def _tally(verdict: str, worth: int, waited_s: float | None) -> Tally:
    """Of a round as it was written."""
    if verdict == "open":
        return NOTHING
    if verdict == "excluded":
        return Tally(excluded=1)
    missed = int(verdict == "missed")
    return Tally(met=1 - missed, missed=missed, worth=worth, seconds=round(waited_s or 0))


def _row(key: Key, policy: str, one: Round) -> dict[str, Any]:
    return {
        "store": key[0],
        "policy": policy,
        "ticket": key[1],
        "number": one.number,
        "began": one.began.isoformat(),
        "ended": one.ended and one.ended.isoformat(),
        "due_at": one.due_at and one.due_at.isoformat(),
        "day": one.day.isoformat(),
        "verdict": one.verdict,
        "why": one.why,
        "waited_s": one.waited_s,
        "worth": one.worth,
        "person": one.person,
        "version": one.version,
    }


def _day(day: Day, tally: Tally) -> dict[str, Any]:
    store, policy, at = day
    sums = {name: getattr(tally, name) for name in ("met", "missed", "excluded", "worth", "seconds")}
    return {"store": store, "policy": policy, "at": at.isoformat(), **sums}


def _days_of(held: Mapping[Of, Policy], now: datetime) -> dict[Of, dict[date, Tally]]:
    firsts = [window_of(policy, policy.hours.local_day(now))[0].isoformat() for policy in held.values()]
    wanted = {"stores": [store for store, _ in held], "policies": [key for _, key in held], "firsts": firsts}
    found: dict[Of, dict[date, Tally]] = defaultdict(dict)
    for store, key, day, *sums in ask(_READ, wanted):
        found[store, key][day] = Tally(*sums)
    return found


def _score(of: Of, policy: Policy, days: Mapping[date, Tally], now: datetime) -> dict[str, Any]:
    today = policy.hours.local_day(now)
    score, forecast = score_of(policy, days, today), forecast_of(policy, days, today)
    until = datetime.combine(today + timedelta(days=1), time(), ZoneInfo(policy.hours.tz))
    return {
        "store": of[0],
        "policy": of[1],
        "day": today.isoformat(),
        "until": until.isoformat(),
        "rate": score.rate,
        "counted": score.tally.counted,
        "missed": score.tally.missed,
        "excluded": score.tally.excluded,
        "headroom": score.headroom,
        "standing": score.standing,
        "falls_on": forecast.falls_on and forecast.falls_on.isoformat(),
        "at_end": forecast.at_end,
    }
