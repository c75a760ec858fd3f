"""manage.py replay: what it reads, what it sends, and that it finds each thing that can go wrong."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from tenants.context import in_store
from tenants.models import ApiToken, Store
from tests.cast import Cast
from tickets.management.commands import replay as command
from tickets.models import Message
from tickets.replay.api import Api
from tickets.replay.compare import ReadMessage, ReadTicket, Verdict, judge
from tickets.replay.conversations import Conversation, Script, Side, Turn, read_script
from tickets.replay.errors import ReplayError, Stopped
from tickets.replay.figures import percentile
from tickets.replay.send import Accepted, Pace, Sent, in_parallel

STARTED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def line(key: Any = "c1", *turns: tuple[str, str]) -> bytes:
    said = turns or (("customer", "在吗？"), ("agent", "在的"))
    return json.dumps({"id": key, "turns": [{"from": who, "text": text} for who, text in said]}).encode()


# ---------------------------------------------------------------- the file


def test_lines_become_conversations_whatever_the_sides_are_called() -> None:
    script = read_script([line("a", ("customer", " hi "), ("agent", " yes \r\n")), b"\n", line(7, ("buyer", "ok"))])
    assert script.bad_lines == []
    assert script.size == 3
    first, second = script.conversations
    assert first.turns == (Turn(0, Side.BUYER, " hi "), Turn(1, Side.AGENT, "yes"))
    assert (second.id, second.buyer_id, second.buyer_name) == ("7", "replay-7", "Buyer 7")
    assert read_script([line()]).conversations[0].buyer_name == "买家 c1"
    assert [first.key_of(turn) for turn in first.turns] == ["replay-a-0", "replay-a-1"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1]", "not a JSON object"),
        (b'{"turns": []}', "'id' is missing"),
        (b'{"id": 1}', "'turns' is missing"),
        (b'{"id": 1, "turns": []}', "not a list with turns"),
        (b'{"id": 1, "turns": "ab"}', "not a list with turns"),
        (b'{"id": 1, "turns": [1]}', "turn 1 is not a JSON object"),
        (b'{"id": 1, "turns": [{"from": "buyer"}]}', "turn 1: 'text' is missing"),
        (line("x", ("buyer", "a"), ("bot", "b")), "turn 2: 'from' is none of customer, buyer, agent, helpdesk"),
        (b'{"id": 1, "turns": [{"from": ["a"], "text": "a"}]}', "turn 1: 'from' is none of"),
        (line("x", ("buyer", " \n")), "turn 1: 'text' is empty"),
        (b'{"id": 1, "turns": [{"from": "buyer", "text": 5}]}', "turn 1: 'text' is empty or no text"),
        (b'{"id": 1, "turns": [{"from": "buyer", "text": "\\ud800"}]}', "lone surrogate"),
        (line(""), "'id' is empty"),
        (line(True), "'id' is neither"),
        (line("x" * 81), "'id' is longer"),
        (line("good"), "id 'good' stands in line 1 already"),
    ],
)
def test_bad_line_is_named_and_stops_nobody(bad: bytes, why: str) -> None:
    script = read_script([line("good"), bad, line("after")])
    assert [c.id for c in script.conversations] == ["good", "after"]
    (told,) = script.bad_lines
    assert told.startswith("line 2: ")
    assert why in told


def test_limit_counts_good_conversations() -> None:
    script = read_script([b"{", line("a"), line("b"), b"{"], limit=1)
    assert ([c.id for c in script.conversations], len(script.bad_lines)) == (["a"], 1)


# ---------------------------------------------------------------- the judge

TALK = Conversation("c1", (Turn(0, Side.BUYER, "a"), Turn(1, Side.AGENT, "b"), Turn(2, Side.BUYER, "c")))
KEYS = {0: "replay-c1-0", 2: "replay-c1-2"}


def message(seq: int, kind: str, body: str, **more: Any) -> ReadMessage:
    return ReadMessage(**{"id": seq, "ticket": 5, "seq": seq, "kind": kind, "body": body, "external_id": "",
                          "at": STARTED, **more})  # fmt: skip


GOOD = (
    message(1, "buyer", "a", external_id=KEYS[0]),
    message(2, "bot", "received"),
    message(3, "agent", "b"),
    message(4, "buyer", "c", external_id=KEYS[2]),
)


def verdict(*messages: ReadMessage, places: tuple[int, ...] = (1, 3, 4), openings: int = 1) -> Verdict:
    accepted = [Accepted(turn, 5, seq, seq, 0.01) for turn, seq in zip(TALK.turns, places, strict=True)]
    return judge(Sent(TALK, accepted), [ReadTicket(5, openings, messages)], started=STARTED)


def faults(found: Verdict) -> tuple[int, int, int]:
    assert bool(found.problems) == bool(found.lost + found.out_of_order + found.duplicates)
    return found.lost, found.out_of_order, found.duplicates


def test_whole_conversation_is_fine() -> None:
    found = verdict(*GOOD)
    assert faults(found) == (0, 0, 0)
    assert (found.new, found.before, found.acknowledged, found.answered) == (3, 0, True, True)


def test_what_stood_there_before_the_run_is_not_new() -> None:
    found = verdict(*(replace(m, at=STARTED - timedelta(seconds=1)) for m in GOOD[:3]), GOOD[3])
    assert (found.new, found.before) == (1, 2)


def test_missing_message_is_lost() -> None:
    assert faults(verdict(*GOOD[:3])) == (1, 0, 0)
    assert judge(Sent(TALK, [Accepted(TALK.turns[0], 5, 1, 1, 0)]), [], started=STARTED).lost == 1


@pytest.mark.parametrize("other", [{"body": "A"}, {"kind": "note"}, {"ticket": 6}])
def test_message_that_became_another_is_lost(other: dict[str, Any]) -> None:
    assert verdict(replace(GOOD[0], **other), *GOOD[1:]).lost == 1


def test_turns_that_changed_places_are_out_of_order() -> None:
    late = message(5, "agent", "b")
    filler = message(3, "note", "…")
    assert faults(verdict(GOOD[0], GOOD[1], filler, GOOD[3], late, places=(1, 5, 4))) == (0, 1, 0)


def test_gap_in_the_numbers_is_out_of_order() -> None:
    assert faults(verdict(GOOD[0], *GOOD[2:])) == (0, 1, 0)


def test_turn_that_stands_there_twice_is_a_duplicate() -> None:
    assert faults(verdict(*GOOD, message(5, "buyer", "a", external_id=KEYS[0]))) == (0, 0, 1)
    assert faults(verdict(*GOOD, message(5, "agent", "b"))) == (0, 0, 1)


def test_what_people_write_meanwhile_is_no_fault() -> None:
    assert faults(verdict(*GOOD, message(5, "agent", "own words"), message(6, "buyer", "a", external_id="x"))) == (
        0,
        0,
        0,
    )


def test_acknowledged_means_once_for_each_opening() -> None:
    assert not verdict(*GOOD, openings=2).acknowledged
    assert not verdict(*GOOD, message(5, "bot", "received")).acknowledged
    assert verdict(*GOOD, message(5, "bot", "received"), openings=2).acknowledged


def test_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile(list(range(1, 101)), share) for share in (50, 95, 99)] == [50, 95, 99]
    assert (percentile([7.0], 99), percentile([], 50)) == (7.0, 0.0)


# ---------------------------------------------------------------- sending


def test_pace_spreads_the_turns_evenly() -> None:
    class Clockless(threading.Event):
        waited: float = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.waited = timeout or 0
            return False

    stopped = Clockless()
    pace = Pace(10, stopped)
    for _turn in range(11):
        pace.wait()
    assert 0.9 < stopped.waited <= 1
    Pace(None, stopped).wait()


def test_first_error_stops_the_others() -> None:
    stopped = threading.Event()

    def work(item: int) -> int:
        if item == 3:
            raise ReplayError("three")
        return item if item < 3 else stopped.wait(10)

    with pytest.raises(ReplayError, match="three"):
        in_parallel(work, range(100), parallel=4, stopped=stopped)
    assert in_parallel(str, range(3), parallel=2, stopped=threading.Event()) == ["0", "1", "2"]


def api_that(answer: Any, **more: Any) -> Api:
    return Api("http://server", host="h", secret="s", transport=httpx.MockTransport(answer), **more)


def test_server_that_comes_back_is_waited_for() -> None:
    answers: Iterator[int] = iter((503, 429, 201))
    api = api_that(lambda _request: httpx.Response(next(answers), json={"seq": 1}))
    assert api.post("/x", {}).body == {"seq": 1}
    assert api.retried == 2


def test_server_that_stays_away_ends_the_run() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ReplayError, match=r"has failed for 0 s: POST /x: refused"):
        api_that(refuse, patience=0.05).post("/x", {})


def test_nothing_is_begun_after_the_stop() -> None:
    api = api_that(lambda _request: pytest.fail("a request after the stop"))
    api.stopped.set()
    with pytest.raises(Stopped):
        api.post("/x", {})


# ---------------------------------------------------------------- end to end


class Server(httpx.BaseTransport):
    """The real application in the test's transaction. It may lose answers to work that is done, as a kill -9 does."""

    def __init__(self) -> None:
        self.connection = connections["default"]
        self.connection.inc_thread_sharing()
        self.client = Client()
        self.one_at_a_time = threading.Lock()
        self.count = 0
        self.breaks_every = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.one_at_a_time:
            connections["default"] = self.connection
            answer = self.client.generic(
                request.method,
                request.url.raw_path.decode(),
                request.read(),
                request.headers.get("content-type", ""),
                headers={name: request.headers[name] for name in ("host", "authorization")},
            )
            if request.method == "POST":
                self.count += 1
                if self.breaks_every and self.count % self.breaks_every == 0:
                    raise httpx.ReadError("killed after the commit, before the answer")
            return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    server = Server()
    yield server
    server.connection.dec_thread_sharing()


@pytest.fixture
def conversations(tmp_path: Path) -> Path:
    file = tmp_path / "conversations.jsonl"
    talks = [
        line(f"c{n}", ("customer", f"在吗 {n}？"), ("agent", "在的 "), ("customer", "谢谢"), ("agent", "在的"))
        for n in range(4)
    ]
    file.write_bytes(b"\n".join([*talks, line("first", ("agent", "欢迎光临"), ("customer", "hi")), b"{", line("c1")]))
    return file


def run(server: Server, file: Path, *more: str, store: str = "store-b") -> tuple[dict[str, Any], str]:
    replay = command.Command()
    replay.transport = server
    out, err = io.StringIO(), io.StringIO()
    call_command(replay, str(file), "--store", store, "--json", "--parallel", "3", *more, stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


def kinds(store: Store) -> list[str]:
    with in_store(store):
        return sorted(Message.objects.filter(ticket__gt=1).values_list("kind", flat=True))


def test_replay_adds_all_once_and_a_second_run_nothing(cast: Cast, server: Server, conversations: Path) -> None:
    figures, told = run(server, conversations)
    assert {name: figures[name] for name in ("conversations", "messages_in", "replies", "new", "received_before")} == {
        "conversations": 5,
        "messages_in": 9,
        "replies": 8,
        "new": 17,
        "received_before": 0,
    }
    assert (figures["acknowledged"], figures["answered"], figures["skipped"]) == (5, 4, 1)
    assert figures["lost"] == figures["out_of_order"] == figures["duplicates"] == figures["refused"] == 0
    assert "line 6: not JSON" in told
    assert "line 7: id 'c1' stands in line 2 already" in told
    before = kinds(cast.b)
    assert before == ["agent"] * 8 + ["bot"] * 5 + ["buyer"] * 9
    with in_store(cast.b):
        Message.objects.update(created_at=STARTED)
    again, _told = run(server, conversations)
    assert (again["new"], again["received_before"], again["lost"], again["duplicates"]) == (0, 17, 0, 0)
    assert kinds(cast.b) == before


def test_server_killed_after_commits_loses_and_doubles_nothing(cast: Cast, server: Server, conversations: Path) -> None:
    server.breaks_every = 3
    figures, _told = run(server, conversations)
    assert figures["retried"] >= 5
    assert (figures["new"], figures["lost"], figures["out_of_order"], figures["duplicates"]) == (17, 0, 0, 0)
    assert kinds(cast.b) == ["agent"] * 8 + ["bot"] * 5 + ["buyer"] * 9


def test_refused_turn_is_told_and_fails_the_run(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_bytes(line("x", ("buyer", "hello"), ("agent", "n" * 10_001), ("buyer", "still there?")))
    replay = command.Command()
    replay.transport = server
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="refused 1"):
        call_command(replay, str(file), store="store-b", stdout=out, stderr=err)
    assert "conversation x, turn 2: " in err.getvalue()
    assert "messages in" in out.getvalue()


def test_token_lives_as_long_as_the_run(cast: Cast, server: Server, conversations: Path) -> None:
    run(server, conversations, "--limit", "1")
    (token,) = ApiToken.objects.filter(name="replay")
    assert (token.person, token.agency, token.scope) == (cast.ann, cast.north, "write")
    assert token.revoked_at is not None


@pytest.mark.parametrize("error", [KeyboardInterrupt, ReplayError])
def test_token_is_revoked_whatever_ends_the_run(
    cast: Cast, server: Server, conversations: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise error("Stopped.")

    monkeypatch.setattr(command, "replay", broken)
    with pytest.raises(CommandError, match="Stopped"):
        run(server, conversations)
    assert ApiToken.objects.get(name="replay").revoked_at is not None


def test_what_can_not_begin_says_so_in_one_line(cast: Cast, conversations: Path, tmp_path: Path) -> None:
    def said(file: Path, *more: str, store: str = "store-b") -> str:
        with pytest.raises(CommandError) as refused:
            call_command("replay", str(file), "--store", store, *more)
        assert "\n" not in str(refused.value)
        assert refused.value.returncode == 1
        return str(refused.value)

    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    assert "can't be read" in said(tmp_path / "missing.jsonl")
    assert "has no conversation in it" in said(empty)
    assert "There is no store 'nope'" in said(conversations, store="nope")
    assert "No server answers at http://127.0.0.1:9" in said(conversations, "--url", "http://127.0.0.1:9")
    Store.objects.filter(pk=cast.b.pk).update(state=Store.State.SUSPENDED)
    assert "is not open" in said(conversations)


def test_server_of_another_database_is_recognised(cast: Cast, conversations: Path) -> None:
    stranger = command.Command()
    stranger.transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=[{"slug": "else"}]))
    with pytest.raises(CommandError, match="has no store 'store-b'"):
        call_command(stranger, str(conversations), store="store-b")


def test_script_knows_its_size() -> None:
    assert Script([TALK, TALK], []).size == 6
