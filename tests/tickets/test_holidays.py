"""Public holidays fill a store's special days: China's make-up working days too, nobody's own word, and no guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from tenants.errors import Conflict, Invalid
from tests.cast import Cast
from tests.conftest import SignIn
from tickets.policies.actions.fill_holidays import (
    NotAnnounced,
    fill_holidays,
    filled_in,
    plan_holidays,
    take_holidays_back,
)
from tickets.policies.actions.set_hours import WantedDay, WantedTerms, set_hours, set_special_days
from tickets.policies.holidays import COUNTRIES, PublicYear, public_year
from tickets.policies.models import SpecialDay
from tickets.policies.queries import book_of, forget_rules

NEW_YEAR = datetime(2026, 1, 1, 2, tzinfo=UTC)
WEEK = ("09:00-18:00",) * 5 + ("10:00-16:00", "")


def year(country: str, of: int, language: str = "en") -> PublicYear:
    return public_year(country, of, language=language, working="make-up")


# ---------------------------------------------------------------- the calendar


def test_chinas_days_off_and_make_up_days_of_2026() -> None:
    """As the State Council announced them on 2025-11-04."""
    found = year("CN", 2026)
    assert [day.date for day in found.days if day.is_working] == [
        date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
    ]  # fmt: skip
    off = {day.date for day in found.days if not day.is_working}
    spring = {date(2026, 2, 16) + timedelta(days=ahead) for ahead in range(8)}  # with the weekend in its midst
    assert spring <= off
    assert {date(2026, 10, 1) + timedelta(days=ahead) for ahead in range(7)} <= off
    assert not off & {day.date for day in found.days if day.is_working}
    assert "春节" in {day.name for day in year("CN", 2026, "zh-hans").days}


def test_a_chinese_year_without_make_up_days_is_not_announced() -> None:
    found = year("CN", 2090)
    assert not found.is_announced
    assert found.days == ()


def test_what_the_moon_has_not_said_yet_is_kept_apart() -> None:
    found = year("ID", 2027)
    assert found.is_announced
    assert all("estimated" not in day.name for day in found.days)
    assert {day.date for day in found.days}.isdisjoint(day.date for day in found.uncertain)
    assert found.uncertain


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_a_year(country: str) -> None:
    found = year(country, 2026, "zh-hans")
    assert found.is_announced
    assert len(found.days) > 5
    assert list(found.days) == sorted(found.days)
    assert all(day.name and len(day.name) <= 80 and day.name.isprintable() for day in found.days)


# ---------------------------------------------------------------- a store


@pytest.fixture
def office(cast: Cast) -> Iterator[Cast]:
    forget_rules()
    set_hours(cast.a, WantedTerms(date(2026, 1, 1), WEEK), by=cast.ann, now=NEW_YEAR)
    with translation.override("en"):
        yield cast
    forget_rules()


def spans_on(cast: Cast, day: date) -> str | None:
    return SpecialDay.objects.filter(store=cast.a, date=day).values_list("spans", flat=True).first()


def test_filling_closes_holidays_and_opens_make_up_days(office: Cast) -> None:
    plan = fill_holidays(office.a, "CN", 2026, by=office.ann, now=NEW_YEAR)
    assert spans_on(office, date(2026, 2, 17)) == ""
    assert spans_on(office, date(2026, 2, 14)) == "09:00-18:00"  # a Saturday like a Monday
    assert spans_on(office, date(2026, 2, 22)) is None  # a Sunday, on which this store is closed anyway
    assert plan.same > 0
    hours = book_of(office.a.pk).hours_at(datetime(2026, 2, 1, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 2, 17, 4, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 2, 14, 9, tzinfo=UTC))


def test_what_a_person_wrote_stays_and_is_told(office: Cast) -> None:
    own = WantedDay(date(2026, 2, 17), "12:00-14:00", "only for an hour or two")
    set_special_days(office.a, [own], by=office.ann, now=NEW_YEAR)
    plan = fill_holidays(office.a, "CN", 2026, by=office.ann, now=NEW_YEAR)
    assert date(2026, 2, 17) in {day.date for day in plan.kept}
    assert spans_on(office, own.date) == "12:00-14:00"
    assert take_holidays_back(office.a, plan.source, by=office.ann, now=NEW_YEAR) == len(plan.days)
    assert list(SpecialDay.objects.filter(store=office.a).values_list("date", flat=True)) == [own.date]


def test_a_day_that_is_changed_afterwards_is_a_persons_own(office: Cast) -> None:
    plan = fill_holidays(office.a, "CN", 2026, by=office.ann, now=NEW_YEAR)
    set_special_days(office.a, [WantedDay(date(2026, 2, 17), "10:00-11:00")], by=office.ann, now=NEW_YEAR)
    assert take_holidays_back(office.a, plan.source, by=office.ann, now=NEW_YEAR) == len(plan.days) - 1
    assert spans_on(office, date(2026, 2, 17)) == "10:00-11:00"


def test_twice_is_as_once_and_the_past_stays(office: Cast) -> None:
    fill_holidays(office.a, "CN", 2026, by=office.ann, now=NEW_YEAR)
    with pytest.raises(Conflict):
        fill_holidays(office.a, "CN", 2026, by=office.ann, now=NEW_YEAR)
    march = datetime(2026, 3, 1, tzinfo=UTC)
    take_holidays_back(office.a, "CN:2026", by=office.ann, now=march)
    assert spans_on(office, date(2026, 2, 17)) == ""
    assert spans_on(office, date(2026, 5, 1)) is None
    assert min(day.date for day in plan_holidays(office.a, "CN", 2026, now=march).days) > date(2026, 3, 1)


def test_taking_back_knows_no_empty_source_and_no_other_store(office: Cast) -> None:
    set_special_days(office.a, [WantedDay(date(2026, 2, 3))], by=office.ann, now=NEW_YEAR)
    fill_holidays(office.b, "US", 2026, by=office.ann, now=NEW_YEAR)
    assert take_holidays_back(office.a, "", by=office.ann, now=NEW_YEAR) == 0
    assert take_holidays_back(office.a, "US:2026", by=office.ann, now=NEW_YEAR) == 0
    assert spans_on(office, date(2026, 2, 3)) == ""
    assert filled_in(office.b, date(2026, 1, 1)).keys() == {"US:2026"}


@pytest.mark.parametrize(
    ("country", "of", "field"), [("XX", 2026, "country"), ("CN", 2025, "year"), ("CN", 2028, "year")]
)
def test_senseless_wishes_name_their_field(office: Cast, country: str, of: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_holidays(office.a, country, of, now=NEW_YEAR)
    assert refused.value.field == field


def test_a_year_that_is_not_announced_is_said_plainly(office: Cast) -> None:
    with pytest.raises(NotAnnounced, match="2090") as refused:
        fill_holidays(office.a, "CN", 2090, by=office.ann, now=datetime(2090, 1, 2, tzinfo=UTC))
    assert refused.value.field == "year"
    assert not SpecialDay.objects.exists()


# ---------------------------------------------------------------- the page


@pytest.fixture
def ann(office: Cast, sign_in: SignIn) -> Client:
    return sign_in(office.ann)


def test_page_shows_sets_and_takes_back(office: Cast, ann: Client) -> None:
    page = f"/admin/policies/stores/{office.a.pk}/"
    this_year = ann.get(page).context["holidays_form"].fields["year"].choices[0][0]
    asked: dict[str, Any] = {"holidays-country": "DE", "holidays-year": str(this_year + 1)}
    shown = ann.post(page, {**asked, "do": "plan"})
    assert shown.status_code == 200
    days = shown.context["plan"].days
    assert len(days) > 5
    assert not SpecialDay.objects.exists()
    assert ann.post(page, {**asked, "do": "holidays"}).status_code == 302
    assert SpecialDay.objects.filter(store=office.a).count() == len(days)
    assert "Germany" in ann.get(page).text
    assert ann.post(page, {"do": "take_back", "source": f"DE:{this_year + 1}"}).status_code == 302
    assert not SpecialDay.objects.exists()


def test_a_source_that_no_column_can_hold_takes_nothing_back(office: Cast, ann: Client) -> None:
    page = f"/admin/policies/stores/{office.a.pk}/"
    assert ann.post(page, {"do": "take_back", "source": "CN:2026\x00"}).status_code == 302


def test_page_says_what_is_wrong(office: Cast, ann: Client) -> None:
    page = f"/admin/policies/stores/{office.a.pk}/"
    for sent, field in (({"holidays-country": "XX"}, "country"), ({"holidays-year": "1999"}, "year")):
        answer = ann.post(page, {"holidays-country": "DE", "holidays-year": "2027", **sent, "do": "plan"})
        assert answer.status_code == 400
        assert answer.context["holidays_form"].errors.keys() == {field}
