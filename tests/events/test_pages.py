"""The calendar's pages: an event is written with what it will bring, refused by field, lent for, and reported on."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from tenants.context import in_store
from tenants.models import Assignment, Change, Membership, Store, User
from tests.cast import NOON, Cast
from tests.conftest import SignIn
from tests.events.conftest import HOUR, MINUTE, Made
from tests.events.test_events import with_a_past
from tests.scenes import buyer_writes
from tickets.actions.close import close
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.events.actions.follow import follow
from tickets.events.admin.forms import EventForm
from tickets.events.models import Lent, LiveEvent
from tickets.events.queries.report import report_of
from tickets.models import Ticket
from tickets.roster.models import Shift
from tickets.score.actions.follow import follow as follow_scores
from tickets.score.models import ScoredRound


@pytest.fixture
def ann(quiet: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Ann at NOON of a Friday, 20:00 in Shanghai."""
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: NOON)
    return sign_in(quiet.ann)


def sent(**more: Any) -> dict[str, Any]:
    return {
        "do": "save",
        "store": "store-a",
        "name": "双十一",
        "kind": "live",
        "begins": "2026-11-20T21:00",
        "ends": "2026-11-20T23:30",
        "multiplier": "3.5",
        "alarm_share": "50",
        "pack": "",
        "ack_zh": "",
        "ack_en": "",
        **more,
    }


def test_an_event_is_written_on_the_stores_clock_and_listed(quiet: Cast, ann: Client) -> None:
    assert "Nothing is planned." in ann.get("/admin/events/").content.decode()
    answer = ann.post("/admin/events/new/", sent(people=[quiet.bo.pk]))
    event = LiveEvent.objects.get()
    assert answer["Location"] == f"/admin/events/{event.pk}/"
    assert (event.begins_at, event.ends_at) == (NOON + HOUR, NOON + 3.5 * HOUR)
    assert (event.multiplier, Lent.objects.get().person_id) == (3.5, quiet.bo.pk)
    assert "2026-11-20 21:00" in ann.get("/admin/events/").content.decode()
    page = ann.get(answer["Location"]).content.decode()
    assert 'value="2026-11-20T21:00"' in page
    assert Change.objects.get(what="events.liveevent").after["lent"] == ["Bo"]
    assert ann.get("/admin/events/?store=store-c").status_code == 404


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"ends": "2026-11-20T20:30"}, "It ends before it begins."),
        ({"begins": "tonight"}, "A day and a time are needed"),
        ({"multiplier": "0"}, "greater than or equal to 1"),
        ({"multiplier": "nan"}, "Enter a number"),
        ({"alarm_share": "200"}, "less than or equal to 100"),
        ({"store": "store-c"}, "Select a valid choice"),
        ({"ack_zh": "三分钟内回复"}, "Promise no time here"),
        ({"people": ["x"]}, "This value can"),
        ({"pack": "a\x00b"}, "There is no quick reply in this folder."),
        ({"people": ["999999"]}, "Only agents who work here can be lent."),
    ],
)
def test_what_is_refused_keeps_what_was_typed(ann: Client, more: dict[str, Any], told: str) -> None:
    answer = ann.post("/admin/events/new/", sent(**more))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert told in page
    assert 'value="双十一"' in page
    assert not LiveEvent.objects.exists()


def shift(cast: Cast, person: User, store: Store | None, hours: tuple[float, float]) -> None:
    begins, ends = (NOON + one * HOUR for one in hours)
    Shift.objects.create(
        agency=cast.north, person=person, store=store, begins_at=begins, ends_at=ends, time_zone="Asia/Shanghai"
    )


def test_the_forecast_says_what_is_short_and_whom_to_lend(quiet: Cast, ann: Client) -> None:
    with_a_past(quiet.a, 60)  # before 20:00 of a Friday
    for name, hours in (("Eva", (-2, 4)), ("Fay", None)):
        user = User.objects.create_user(f"{name}@example.com", "x", name=name)
        Membership.objects.create(user=user, agency=quiet.north, role="agent")
        Assignment.objects.create(user=user, store=quiet.b, role="agent")
        if hours:
            shift(quiet, user, None, hours)
    eva = User.objects.get(name="Eva")
    ask = sent(do="forecast", begins="2026-11-20T19:00", ends="2026-11-20T20:00", multiplier="3")
    page = ann.post("/admin/events/new/", ask).content.decode()
    assert not LiveEvent.objects.exists()
    assert "nobody is there" in page
    assert page.index("Eva") < page.index("Fay"), "who is at work for all stores comes first"
    assert "at work for all stores" in page
    assert ">Bo<" not in page, "he has the store"
    page = ann.post("/admin/events/new/", {**ask, "people": [eva.pk]}).content.decode()
    assert "nobody is there" not in page
    assert "1 there; up to" in page


def test_it_is_stopped_and_removed(quiet: Cast, ann: Client, event: Made) -> None:
    one = event(at=NOON + HOUR)
    assert one.begun_at
    answer = ann.post(f"/admin/events/{one.pk}/", {"do": "remove"}, follow=True)
    assert "end it instead" in answer.content.decode()
    assert ann.post(f"/admin/events/{one.pk}/", {"do": "stop"})["Location"] == f"/admin/events/{one.pk}/report/"
    assert "This event is over" in ann.get(f"/admin/events/{one.pk}/").content.decode()
    two = event(begins_at=NOON + 5 * HOUR, ends_at=NOON + 6 * HOUR)
    assert ann.post(f"/admin/events/{two.pk}/", {"do": "remove"})["Location"] == "/admin/events/"
    assert LiveEvent.objects.count() == 1


# ---------------------------------------------------------------- files

STREAM = """BEGIN:VEVENT
UID:1
SUMMARY:周五直播 ×3
LOCATION:Store B
DTSTART:20261121T200000
DTEND:20261121T220000
END:VEVENT
"""


def calendar(*events: str, encoding: str = "utf-8") -> SimpleUploadedFile:
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" + "".join(events) + "END:VCALENDAR\n"
    return SimpleUploadedFile("events.ics", text.replace("\n", "\r\n").encode(encoding))


def imported(ann: Client, file: SimpleUploadedFile) -> Any:
    return ann.post("/admin/events/import/", {"store": "store-a", "multiplier": "4", "file": file}, follow=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_calendar_comes_in_once_in_whatever_encoding(quiet: Cast, ann: Client, encoding: str) -> None:
    over = STREAM.replace("20261121", "20261101")
    other = STREAM.replace("LOCATION:Store B\n", "").replace("周五直播 ×3", "Sale").replace("T200000", "T200000Z")
    other = other.replace("T220000", "T220000Z")
    page = imported(ann, calendar(STREAM, over, other, encoding=encoding)).content.decode()
    assert "2 events were imported. 1 was over or there already." in page
    found = {row.store_id: row for row in LiveEvent.objects.all()}
    stream, sale = found[quiet.b.pk], found[quiet.a.pk]
    assert (stream.name, stream.multiplier, sale.multiplier) == ("周五直播 ×3", 3, 4)
    assert (stream.begins_at, sale.begins_at) == (NOON + 24 * HOUR, NOON + 32 * HOUR)
    imported(ann, calendar(STREAM, other, encoding=encoding))
    assert LiveEvent.objects.count() == 2


DAY = STREAM.replace("DTSTART:20261121T200000", "DTSTART;VALUE=DATE:20261121")
LONG = STREAM.replace("DTEND:20261121T220000", "DURATION:PT2H30M")


@pytest.mark.parametrize(
    ("event", "hours"),
    [  # of store B, eight hours before UTC, from NOON (UTC) on the 20th
        (LONG, (24, 26.5)),
        (LONG.replace("20261121T200000", "20261121T120000Z"), (24, 26.5)),
        (DAY.replace("DTEND:20261121T220000\n", ""), (4, 28)),
        (DAY.replace("DTEND:20261121T220000", "DTEND;VALUE=DATE:20261123"), (4, 52)),
        (DAY.replace("DTEND:20261121T220000", "DURATION:P2D"), (4, 52)),
    ],
)
def test_a_calendar_says_how_long_or_names_whole_days(
    quiet: Cast, ann: Client, event: str, hours: tuple[float, float]
) -> None:
    imported(ann, calendar(event))
    row = LiveEvent.objects.get()
    assert ((row.begins_at - NOON) / HOUR, (row.ends_at - NOON) / HOUR) == hours


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (LONG.replace("PT2H30M", "-PT1H"), "column “DURATION”: It ends before it begins."),
        (LONG.replace("PT2H30M", "P999999999D"), "column “DURATION”: This does not go together"),
        (LONG.replace("DURATION", "DTEND:20261121T220000\nDURATION"), "column “DURATION”: This does not go together"),
        (DAY, "column “DTEND”: This does not go together"),
        (DAY.replace("DTEND:20261121T220000", "DURATION:PT3H"), "column “DURATION”: This does not go together"),
        (LONG.replace("DURATION:PT2H30M\n", ""), "column “DTEND”: A day and a time of day are needed."),
        (LONG.replace("PT2H30M", "soon"), "column “DURATION”: This does not go together"),
        (STREAM.replace("Store B", "Store C"), "Row 2, column “LOCATION”: There is no such store."),
        (STREAM.replace("DTEND:20261121T22", "DTEND:20261121T19"), "Row 2, column “DTEND”: It ends before it begins."),
        (STREAM.replace("DTSTART:20261121T200000", "DTSTART:tonight"), "A day and a time of day are needed."),
        (STREAM.replace("×3", "×90"), "Between 1 and 20 times the usual."),
        (STREAM.replace("UID:1", "UID:2").replace("T20", "T21").replace("T22", "T23"), "is at that time"),
    ],
)
def test_of_a_calendar_with_a_mistake_nothing_is_taken(quiet: Cast, ann: Client, event: str, told: str) -> None:
    answer = imported(ann, calendar(STREAM, event))
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not LiveEvent.objects.exists()


def test_what_is_no_calendar_says_so(ann: Client) -> None:
    for content, told in ((b"\xff\xff\xff\x00\x81", "can’t be read|can't be read"), (b"name,from\n", "no iCalendar")):
        page = imported(ann, SimpleUploadedFile("x.ics", content)).content.decode()
        assert any(one in html.unescape(page) for one in told.split("|"))


# ---------------------------------------------------------------- the report


def asks(store: Store, key: str, at: datetime, category: str = "") -> int:
    with in_store(store):
        return buyer_writes(key, customer_id=key, at=at, category=category).ticket_number


def answered(cast: Cast, number: int, at: datetime) -> None:
    with in_store(cast.a):
        ticket = Ticket.objects.select_for_update().get(pk=number)
        reply_to_ticket(ticket, author=cast.bo, body="有货，尺码齐全。", client_key=f"r{at}", seen_seq=None, now=at)


def test_the_report_counts_what_came_how_it_was_answered_and_what_was_lost(
    quiet: Cast, ann: Client, event: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_past(quiet.a, 60)
    one = event(begins_at=NOON - HOUR, ends_at=NOON + 2 * HOUR, at=NOON - 2 * HOUR, multiplier=2)
    follow(NOON - HOUR)
    quick, late, never, other = (
        asks(quiet.a, key, NOON + MINUTE, category)
        for key, category in (("q", "pre_sale"), ("l", "pre_sale"), ("n", "pre_sale"), ("o", "refund"))
    )
    asks(quiet.a, "after", NOON + 5 * HOUR, "pre_sale")
    answered(quiet, quick, NOON + 2 * MINUTE)
    answered(quiet, late, NOON + 9 * MINUTE)
    follow_scores(NOON + 6 * HOUR, store=quiet.a.pk)
    report = report_of(LiveEvent.objects.get(pk=one.pk), quiet.a, now=NOON + 6 * HOUR)
    assert (report.came, report.opened, report.answered) == (4, 4, 2)
    assert (report.median_s, report.p95_s) == (270, pytest.approx(459))
    assert [hour.came for hour in report.hours] == [0, 4, 0]
    assert report.expected == pytest.approx(120)
    half_way = report_of(LiveEvent.objects.get(pk=one.pk), quiet.a, now=NOON - HOUR / 2)
    assert (half_way.came, half_way.expected) == (0, pytest.approx(59)), "what was expected by then"
    assert report.presale == 3
    assert [(lost.ticket, lost.answered) for lost in report.lost] == [(late, True), (never, False)]
    assert other not in {lost.ticket for lost in report.lost}
    assert any(line.missed == 3 for line in report.policies)
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: NOON + 6 * HOUR)
    page = ann.get(f"/admin/events/{one.pk}/report/").content.decode()
    assert f">#{never}</a>" in page
    assert "never answered" in page
    file = ann.get(f"/admin/events/{one.pk}/report/file/").content.decode("utf-8-sig")
    assert "messages,2026-11-20T19:00:00+08:00,120" in file
    assert f"lost: ticket #{never}" in file
    ScoredRound.objects.filter(ticket_number=late).update(why="silent_transfer")
    lost = report_of(LiveEvent.objects.get(pk=one.pk), quiet.a, now=NOON + 6 * HOUR).lost
    assert [one.answered for one in lost] == [False, False], "a transfer without a word is no answer"


def test_a_closing_that_was_taken_back_opens_nothing(quiet: Cast, event: Made) -> None:
    number = asks(quiet.a, "before", NOON - 3 * HOUR)
    one = event(begins_at=NOON - HOUR, ends_at=NOON + 2 * HOUR, at=NOON - 2 * HOUR)
    with in_store(quiet.a):
        buyer_writes("again", customer_id="before", at=NOON)
        ticket = Ticket.objects.select_for_update().get(pk=number)
        close(ticket, by=quiet.bo, now=NOON + MINUTE)
        reopen(ticket, by=quiet.bo, now=NOON + 2 * MINUTE)
    report = report_of(LiveEvent.objects.get(pk=one.pk), quiet.a, now=NOON + 6 * HOUR)
    assert (report.came, report.opened) == (1, 0)


def test_a_report_of_nothing_is_no_error(quiet: Cast, ann: Client, event: Made) -> None:
    one = event()
    page = ann.get(f"/admin/events/{one.pk}/report/")
    assert page.status_code == 200
    assert "No round of this time" in page.content.decode()


def test_an_events_kind_is_no_kind_of_question() -> None:
    with translation.override("zh-hans"):
        assert str(EventForm.base_fields["kind"].label) == "类型"


def test_agents_have_no_calendar(quiet: Cast, sign_in: SignIn, event: Made) -> None:
    one = event()
    assert sign_in(quiet.bo).get(f"/admin/events/{one.pk}/").status_code == 403
    assert sign_in(quiet.cy, "south.localhost").get(f"/admin/events/{one.pk}/").status_code == 404


def test_coverage_shows_the_raised_hours(quiet: Cast, ann: Client, event: Made) -> None:
    with_a_past(quiet.a, 60)
    before = ann.get("/admin/coverage/?store=store-a").content.decode()
    assert "cover-live" not in before
    event(begins_at=NOON - HOUR, ends_at=NOON + 2 * HOUR, at=NOON, multiplier=5)
    page = ann.get("/admin/coverage/?store=store-a").content.decode()
    assert page.count("cover-live") == 4
    assert "Friday stream" in page


def test_coverage_counts_who_will_be_lent(quiet: Cast, ann: Client, event: Made) -> None:
    eva = User.objects.create_user("eva@example.com", "x", name="Eva")
    Membership.objects.create(user=eva, agency=quiet.north, role="agent")
    shift(quiet, eva, None, (23, 27))
    event(begins_at=NOON + 24 * HOUR, ends_at=NOON + 26 * HOUR, people=(eva.pk,))

    def there() -> list[tuple[int, int]]:
        days = ann.get("/admin/coverage/?store=store-a").context["days"]
        return [(cell.hour, cell.people) for cell in days[5] if cell.people]

    assert there() == [(20, 1), (21, 1)], "of her shift what the event lends"
    follow(NOON + 24 * HOUR)
    assert there() == [(19, 1), (20, 1), (21, 1), (22, 1)], "now the store is hers"


def test_through_the_page_it_begins_lends_takes_back_and_ends_at_once(quiet: Cast, ann: Client) -> None:
    """By the powers of a request at the agency's host."""
    eva = User.objects.create_user("eva@example.com", "x", name="Eva")
    Membership.objects.create(user=eva, agency=quiet.north, role="agent")

    def has() -> bool:
        return Assignment.objects.filter(user=eva, store=quiet.a).exists()

    url = ann.post("/admin/events/new/", sent(begins="2026-11-20T19:00", people=[eva.pk]))["Location"]
    assert has()
    assert ann.post(url, sent(alarm_share="20"))["Location"] == url
    assert not has()
    ann.post(url, sent(people=[eva.pk]))
    assert has()
    ann.post(url, {"do": "stop"})
    assert not has()
    assert LiveEvent.objects.get().ended_at
