"""Shifts in files: read in any encoding, refused by row and field, and back as they went out."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.tables.problems import BadTable
from tests.cast import Cast
from tests.conftest import SignIn
from tickets.clocks.shifts import Span
from tickets.roster.files import OnClock, lines_in
from tickets.roster.models import RosterEdit, Shift

HEAD = "人员,店铺,日期,上班,下班\n"
URL = "/admin/roster/import/"
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
{lines}
END:VEVENT
END:VCALENDAR
"""
SHIFT = "DTSTART{begins}\nDTEND{ends}\nATTENDEE;CN=Bo:mailto:bo@example.com\nLOCATION:store-a"


def event(lines: str) -> bytes:
    return EVENT.format(lines=lines).replace("\n", "\r\n").encode()


def shift(begins: str, ends: str) -> bytes:
    return event(SHIFT.format(begins=begins, ends=ends))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_in_any_encoding(encoding: str) -> None:
    line = lines_in(f"{HEAD}小波,旗舰店,2026年11月25日,9点,１７：３０\n".encode(encoding))[0]
    assert (line.row, line.person, line.store) == (2, "小波", "旗舰店")
    assert isinstance(line.when, OnClock)
    assert (line.when.begins, line.when.ends) == (540, 1050)


def test_a_calendar_in_its_time_zone_in_utc_and_in_none() -> None:
    utc = Span(datetime(2026, 11, 25, 1, tzinfo=UTC), datetime(2026, 11, 25, 9, tzinfo=UTC))
    line = lines_in(shift(";TZID=Asia/Shanghai:20261125T090000", ";TZID=Asia/Shanghai:20261125T170000"))[0]
    assert (line.person, line.store, line.zone, line.when) == ("bo@example.com", "store-a", "Asia/Shanghai", utc)
    line = lines_in(shift(":20261125T010000Z", ":20261125T090000Z"))[0]
    assert (line.zone, line.when) == ("", utc)
    line = lines_in(shift(":20261125T220000", ":20261126T060000"))[0]
    assert line.when == OnClock(datetime(2026, 11, 25).date(), 22 * 60, 30 * 60)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (f"{HEAD}bo,a,tomorrow,9,17\n".encode(), "Row 2, column “day”: A date is written"),
        (f"{HEAD}bo,a,2026-02-30,9,17\n".encode(), "Row 2, column “day”"),
        (f"{HEAD}bo,a,2026-11-25,9,25:00\n".encode(), "Row 2, column “to”: A time is written"),
        ("人员,日期,上班\nbo,2026-11-25,9\n".encode(), "Column “to”: this column is missing."),
        (f"{HEAD[:-1]},时区\nbo,a,2026-11-25,9,17,Mars\n".encode(), "column “time zone”: There is no time zone “Mars”"),
        (HEAD.encode(), "There is no shift in it."),
        (b"\xff\xff\xff", "can't be read"),
        (shift(";VALUE=DATE:20261125", ";VALUE=DATE:20261126"), "Row 1, column “DTSTART”: A day and a time of day"),
        (shift(";TZID=Moon/Sea:20261125T090000", ";TZID=Moon/Sea:20261125T170000"), "There is no time zone “Moon/Sea”"),
        (event("DTSTART:20261125T010000Z\nDTEND:20261125T090000Z"), "column “ATTENDEE”"),
        (shift(":20261125T010000Z", ":20261125T090000Z\nRRULE:FREQ=WEEKLY"), "Events that repeat are not read."),
        (b"BEGIN:VCALENDAR\nrubbish", "can't be read"),
        (event("BEGIN:VEVENT\nEND:VEVENT\n" * 5001), "At most 5000 shifts at once."),
    ],
)
def test_what_cannot_be_read_says_where(data: bytes, told: str) -> None:
    with pytest.raises(BadTable) as refused:
        lines_in(data)
    assert told in str(refused.value)


GOOD = shift(";TZID=Asia/Shanghai:20261125T090000", ";TZID=Asia/Shanghai:20261125T170000")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.binary(max_size=20))
def test_a_broken_calendar_is_read_or_refused(at: int, cut: int, put: bytes) -> None:
    with suppress(BadTable):
        lines_in(GOOD[:at] + put + GOOD[at + cut :])


# ---------------------------------------------------------------- with the agency's own


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ann)


def send(ann: Client, data: bytes, name: str = "roster.csv", **more: str) -> tuple[int, str]:
    answer = ann.post(URL, {"file": SimpleUploadedFile(name, data), **more}, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def table(*rows: str) -> bytes:
    return (HEAD + "".join(f"{row}\n" for row in rows)).encode("gb18030")


def times() -> list[str]:
    return [f"{shift.begins_at:%m-%d %H:%M}" for shift in Shift.objects.order_by("begins_at")]


def test_a_dry_run_writes_nothing_and_the_same_file_twice_has_one_effect(cast: Cast, ann: Client) -> None:
    data = table("bo@example.com,store-a,2026-11-25,9:00,17:00", "Bo,,2026-11-26,22:00,6:00")
    status, page = send(ann, data)
    assert (status, "2 new" in page, "22:00–06:00" in page) == (200, True, True)
    assert not Shift.objects.exists()
    assert send(ann, data, sure="1")[0] == 204
    assert times() == ["11-25 01:00", "11-26 14:00"]
    assert "2 as they were" in send(ann, data)[1]
    assert send(ann, data, sure="1")[0] == 204
    assert len(times()) == 2
    assert RosterEdit.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Nobody,store-a,2026-11-26,9,17", "Row 3, column “person”: Nobody who works here is called “Nobody”."),
        ("cy@example.com,store-a,2026-11-26,9,17", "Row 3, column “person”"),
        ("Bo,store-c,2026-11-26,9,17", "Row 3, column “store”: There is no open store “store-c”."),
        ("Bo,store-b,2026-11-26,9,17", "Row 3, column “store”: They were not given this store."),
        ("Bo,store-a,2026-11-26,10:00,9:00", "Row 3, column “to”: It ends 1 h before it begins."),
        ("Bo,store-a,2026-11-25,16:00,20:00", "Row 3, column “from”: Bo would be in two places: see row 2"),
        ("Bo,store-a,2036-11-25,16:00,20:00", "Row 3, column “day”: That is more than two years away."),
    ],
)
def test_one_bad_row_and_nothing_is_done(cast: Cast, ann: Client, row: str, told: str) -> None:
    for sure in ("0", "1"):
        status, page = send(ann, table("Bo,store-a,2026-11-25,9,17", row), sure=sure)
        assert status >= 400
        assert told in page
    assert not Shift.objects.exists()


def test_everything_that_is_wrong_with_a_row_is_told(cast: Cast, ann: Client) -> None:
    page = send(ann, table("Nobody,nowhere,2026-11-26,10:00,9:00"))[1]
    assert [word in page for word in ("column “person”", "column “store”", "column “to”")] == [True] * 3


def test_replacing_takes_only_what_the_file_is_about_and_can_be_undone(cast: Cast, ann: Client) -> None:
    send(ann, table(*(f"Bo,store-a,2026-11-{day},9,17" for day in (23, 24, 25, 27))), sure="1")
    send(ann, table("Ann,store-a,2026-11-24,9,17", "Bo,,2026-11-24,18,20"), sure="1")
    data = table("Bo,store-a,2026-11-23,9,17", "Bo,store-a,2026-11-25,10,18")
    assert "in two places" in send(ann, data, sure="1")[1]
    assert "2 go" in send(ann, data, replace="1")[1]
    assert send(ann, data, replace="1", sure="1")[0] == 204
    assert times() == ["11-23 01:00", "11-24 01:00", "11-24 10:00", "11-25 02:00", "11-27 01:00"]
    ann.post("/admin/roster/", {"do": "undo", "edit": RosterEdit.objects.latest("pk").pk})
    assert times().count("11-25 01:00") == 1
    assert len(times()) == 6


@pytest.mark.parametrize("kind", ["xlsx", "csv", "ics"])
def test_what_goes_out_comes_in_again_as_it_was(cast: Cast, ann: Client, kind: str) -> None:
    send(ann, table("Bo,store-a,2026-11-25,9,17", "Ann,,2026-11-26,22,6"), sure="1")
    before = list(Shift.objects.order_by("pk").values_list("person", "store", "begins_at", "ends_at", "time_zone"))
    data = b"".join([ann.get(f"/admin/roster/export/?week=2026-11-25&format={kind}").content])
    assert "2 as they were" in send(ann, data)[1]
    Shift.objects.all().delete()
    send(ann, data, sure="1")
    after = list(Shift.objects.order_by("pk").values_list("person", "store", "begins_at", "ends_at", "time_zone"))
    assert after == before


def test_ones_own_calendar_has_ones_own_shifts(
    cast: Cast, ann: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, 2, tzinfo=UTC)
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: now)
    send(ann, table("Bo,store-a,2026-11-25,9,17", "Ann,store-a,2026-11-25,9,17"), sure="1")
    lines = lines_in(sign_in(cast.bo).get("/admin/roster/mine/file/").content)
    assert [line.person for line in lines] == ["bo@example.com"]
