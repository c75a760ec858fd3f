"""Policies, goals and hours in the agency's admin: what is in force, the next version, special days, calendars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tenants.errors import Invalid
from tenants.tables.problems import BadTable
from tests.cast import NORTH_HOST, Cast
from tests.conftest import SignIn
from tickets.policies.calendar import days_in
from tickets.policies.models import RuleVersion, SpecialDay, StoreTerms
from tickets.policies.queries import forget_rules

LIST = "/admin/policies/"
TMALL, CHAT = LIST + "rule/policy/tmall_human_3min/", LIST + "rule/goal/chat_first/"
DAY = (timezone.now() + timedelta(days=40)).date()
POLICY = {
    "do": "save",
    "from_date": DAY.isoformat(),
    "minutes": "2",
    "target": "85",
    "warn_at": "90",
    "window_days": "30",
    "minimum_sample": "100",
    "hours": "08:00-12:00, 13:00-23:00",
    "human_only": "on",
    "ai_share": "0",
    "exclusions": ["holiday"],
}
CALENDAR = """BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:{0:%Y%m%d}\r
DTEND;VALUE=DATE:{1:%Y%m%d}\r
SUMMARY:春节\\, 放\r
 假\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART:20270301T100000Z\r
SUMMARY:a meeting\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Iterator[Client]:
    forget_rules()
    yield sign_in(cast.ann)
    forget_rules()


def hours(cast: Cast) -> str:
    return f"{LIST}stores/{cast.a.pk}/"


def test_list_says_what_is_in_force(cast: Cast, ann: Client) -> None:
    page = ann.get(LIST).text
    assert "Tmall: human reply per round" in page
    assert "80 % within 3 min, over 30 days, 08:00-23:00" in page
    assert "30 s, the first reply, Tmall / Taobao / Douyin / Kuaishou / Pinduoduo / Chat widget" in page
    assert "Store A" in page
    assert "Store C" not in page


def test_next_version_is_written_shown_and_withdrawn(cast: Cast, ann: Client) -> None:
    assert ann.get(TMALL).status_code == 200
    answer = ann.post(TMALL, POLICY)
    assert answer.status_code == 302, answer.context["form"].errors
    row = RuleVersion.objects.get()
    assert (row.agency_id, row.from_date, row.number, row.made_by) == (cast.north.pk, DAY, 1, cast.ann)
    assert (row.terms["target"], row.terms["warn_at"], row.terms["limit_s"]) == (0.85, 0.9, 120)
    page = ann.get(TMALL).text
    assert "85 % within 2 min" in page
    assert "<del>180</del>" in page
    ann.post(TMALL, {"do": "withdraw", "version": "1"})
    assert RuleVersion.objects.get().withdrawn_at is not None
    assert "85 % within 2 min" not in ann.get(TMALL).text


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"target": "120"}, "target"),
        ({"hours": "08:00-12:00, 11:00-23:00"}, "hours"),
        ({"from_date": "2020-01-01"}, "from_date"),
        ({"from_date": "31.12.2030"}, "from_date"),
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "NaN"}, "minutes"),
        ({"window_days": "-1"}, "window_days"),
        ({"ai_share": "inf"}, "ai_share"),
    ],
)
def test_error_stands_beside_its_field_and_nothing_is_lost(ann: Client, sent: dict[str, str], field: str) -> None:
    page = ann.post(TMALL, {**POLICY, **sent})
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert 'name="minimum_sample" value="100"' in page.text
    assert not RuleVersion.objects.exists()


def test_goal_of_ones_own(ann: Client) -> None:
    sent = {"name": "退款先答", "minutes": "0.5", "category": "refund", "priority": "1", "from_date": DAY.isoformat()}
    answer = ann.post(LIST + "new-goal/", sent)
    assert answer.status_code == 302
    page = ann.get(answer["Location"]).text
    assert "退款先答" in page
    assert "30 s, every reply, all channels, refund, urgent" in page
    assert "退款先答" in ann.get(LIST).text


def test_shipped_goal_keeps_its_name(ann: Client) -> None:
    assert ann.post(CHAT, {"do": "save", "name": "X", "minutes": "1", "from_date": DAY.isoformat()}).status_code == 302
    assert RuleVersion.objects.get().terms["name"] == "Chat: first reply"


def test_nobody_elses_rules(cast: Cast, ann: Client) -> None:
    assert ann.get(LIST + "rule/goal/own_of_south/").status_code == 404
    assert ann.get(LIST + "rule/nonsense/chat_first/").status_code == 404
    assert ann.post(TMALL, {"do": "withdraw", "version": "7"}).status_code == 404
    assert ann.get(f"{LIST}stores/{cast.c.pk}/").status_code == 404


# ---------------------------------------------------------------- a store


def week(**change: str) -> dict[str, str]:
    days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-12, 13:30-18:00")
    return {"do": "hours", "from_date": DAY.isoformat(), "market": "CN", **days, **change}


def test_hours_of_a_store(cast: Cast, ann: Client) -> None:
    assert ann.get(hours(cast)).status_code == 200
    assert ann.post(hours(cast), week()).status_code == 302
    row = StoreTerms.objects.get()
    assert row.week == ["09:00-12:00, 13:30-18:00"] * 5 + ["", ""]
    assert (row.from_date, row.market, row.policies) == (DAY, "CN", None)
    page = ann.post(hours(cast), week(tuesday="18:00-09:00"))
    assert (page.status_code, list(page.context["form"].errors)) == (400, ["tuesday"])


def test_special_days_by_hand(cast: Cast, ann: Client) -> None:
    sent = {
        "do": "day",
        "day-date": DAY.isoformat(),
        "day-until": (DAY + timedelta(days=6)).isoformat(),
        "day-name": "春节",
    }
    assert ann.post(hours(cast), {**sent, "day-is_holiday_mode": "on"}).status_code == 302
    assert SpecialDay.objects.filter(store=cast.a, spans="", is_holiday_mode=True).count() == 7
    ann.post(hours(cast), {"do": "drop", "date": DAY.isoformat()})
    assert SpecialDay.objects.count() == 6
    for change, field in (({"day-until": "2026-01-01"}, "until"), ({"day-spans": "x"}, "spans")):
        page = ann.post(hours(cast), {**sent, **change})
        assert (page.status_code, list(page.context["day_form"].errors)) == (400, [field])


def test_calendar_of_a_file_and_what_is_over_is_left_out(cast: Cast, ann: Client) -> None:
    text = f"日期,营业时间,名称\n2020-01-01,,元旦\n{DAY},,春节\n{DAY + timedelta(days=1)},09:00-18:00,补班\n"
    for encoding in ("utf-8", "gb18030", "utf-16"):
        file = SimpleUploadedFile("days.csv", text.encode(encoding))
        assert ann.post(hours(cast), {"do": "file", "file": file}).status_code == 302
    rows = SpecialDay.objects.order_by("date").values_list("date", "spans", "name")
    assert list(rows) == [(DAY, "", "春节"), (DAY + timedelta(days=1), "09:00-18:00", "补班")]
    file = SimpleUploadedFile("days.csv", b"date,open\nsoon,9-12\n")
    page = ann.post(hours(cast), {"do": "file", "file": file})
    assert page.status_code == 400
    assert "2027-02-06" in str(page.context["file_form"].errors["file"])


def test_icalendar_of_whole_days() -> None:
    found = days_in(CALENDAR.format(date(2027, 2, 5), date(2027, 2, 8)).encode())
    assert [day.date.day for day in found] == [5, 6, 7]
    assert {(day.name, day.spans) for day in found} == {("春节, 放假", "")}


@pytest.mark.parametrize("data", [b"", b"BEGIN:VCALENDAR\nEND:VCALENDAR", b"\x00\x01\x02", b"x,y\n1,2\n"])
def test_file_that_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises((Invalid, BadTable)):
        days_in(data)


def test_broken_date_is_passed_over_and_alone_refused() -> None:
    good = CALENDAR.format(date(2027, 2, 5), date(2027, 2, 8))
    broken = "BEGIN:VEVENT\r\nDTSTART:rubbish\r\nEND:VEVENT\r\n"
    assert len(days_in(good.replace("BEGIN:VEVENT", broken + "BEGIN:VEVENT", 1).encode())) == 3
    with pytest.raises(Invalid):
        days_in(f"BEGIN:VCALENDAR\r\n{broken}END:VCALENDAR\r\n".encode())


def test_endless_event_is_refused() -> None:
    with pytest.raises(Invalid):
        days_in(CALENDAR.format(date(2027, 2, 5), date(9000, 2, 8)).encode())


def test_agents_and_others_have_no_way(cast: Cast, sign_in: SignIn) -> None:
    for path in (LIST, TMALL, CHAT, LIST + "new-goal/", hours(cast)):
        assert sign_in(cast.bo, NORTH_HOST).get(path).status_code == 403
    assert not RuleVersion.objects.exists()


def test_desk_says_why(cast: Cast, ann: Client) -> None:
    page = ann.get("/").text
    assert 'title="Goal: Chat: first reply, 30 s"' in page
    assert '<span class="unseen">Goal: Chat: first reply, 30 s</span>' in page
