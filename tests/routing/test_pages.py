"""The pages about giving tickets: what contradicts is refused by its field, rules keep their order, the dry run changes
nothing and tells what would have been."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.context import in_store
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Assignment, Change, Store
from tests.cast import NOON, Cast
from tests.chat.test_take_back import new_agent
from tests.conftest import SignIn
from tests.routing.test_give import plan, shift, skilled
from tests.scenes import buyer_writes, snapshot
from tickets.actions.close import close
from tickets.actions.reopen import reopen
from tickets.actions.reply import reply_to_ticket
from tickets.channels import Channel
from tickets.models import Ticket
from tickets.routing.actions.set_routing import move_rule, remove_rule, save_rule, set_plan, switch_rule
from tickets.routing.models import Plan, Rule
from tickets.routing.queries.lines import rule_lines
from tickets.routing.queries.plans import plan_row, rules_of_agency

PAGE = "/admin/routing/"
DAY = "2026-11-20"
PLAN = {"channels": ["widget", "tmall"], "ring_s": 5, "most_chats": 3, "most_others": 9, "take_back_s": 90}


@pytest.fixture
def ann(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("tenants.admin_site.author.database_now", lambda: NOON + timedelta(days=1))
    return sign_in(cast.ann)


def rule(cast: Cast, name: str = "R", old: int | None = None, **values: Any) -> Rule:
    return save_rule(cast.north.pk, old, {"name": name, **values}, by=cast.ann, now=NOON)


def seen(client: Client, pk: int) -> dict[str, str]:
    """The hidden field of the rule's form, as it is when it is opened now."""
    return {"_seen": client.get(f"{PAGE}rules/{pk}/").context["seen"]}


def names(cast: Cast) -> list[str]:
    return [one.name for one in rules_of_agency(cast.north.pk)]


# ---------------------------------------------------------------- plan and rules


def test_the_plan_is_saved_with_its_history(cast: Cast, ann: Client) -> None:
    assert ann.post(PAGE, PLAN).status_code == 302
    saved = plan_row(cast.north.pk)
    assert (saved.channels, saved.ring_s, saved.take_back_others_min) == (["tmall", "widget"], 5, None)
    assert Change.objects.filter(what="routing.plan").count() == 1
    ann.post(PAGE, {**PLAN, "longest_queue": 20, "_seen": ann.get(PAGE).context["seen"]})
    assert Plan.objects.get().longest_queue == 20


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channels", "fax"),
        ("ring_s", "-1"),
        ("ring_s", ""),
        ("most_chats", "0"),
        ("take_back_s", "29"),
        ("take_back_others_min", "1"),
        ("longest_queue", "0"),
    ],
)
def test_a_plan_that_can_t_be_names_its_field(cast: Cast, ann: Client, field: str, value: str) -> None:
    answer = ann.post(PAGE, {**PLAN, field: value})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Plan.objects.exists()


def test_a_plan_is_checked_without_a_form_too(cast: Cast) -> None:
    for field, value in (("channels", ["fax"]), ("most_others", 0), ("longest_queue", 10**6)):
        with pytest.raises(Invalid) as refused:
            set_plan(cast.north.pk, {field: value}, by=cast.ann, now=NOON)
        assert refused.value.field == field


def test_rules_are_made_changed_moved_switched_and_removed(cast: Cast) -> None:
    first, second, third = (rule(cast, name) for name in "ABC")
    assert names(cast) == ["A", "B", "C"]
    move_rule(third, up=True, by=cast.ann, now=NOON)
    move_rule(first, up=True, by=cast.ann, now=NOON)  # it is the first already
    move_rule(first, up=False, by=cast.ann, now=NOON)
    assert names(cast) == ["C", "A", "B"]
    switch_rule(second, on=False, by=cast.ann, now=NOON)
    rule(cast, "A2", first.pk, pool=[cast.bo.pk])
    assert names(cast) == ["C", "A2", "B"]
    remove_rule(third, by=cast.ann, now=NOON)
    assert names(cast) == ["A2", "B"]
    assert not Rule.objects.get(pk=second.pk).is_on
    assert Change.objects.filter(what="routing.rule").count() == 8


def test_what_contradicts_is_refused_by_its_field(cast: Cast) -> None:
    new_agent(cast, "Eve")
    rule(cast, "Taken")
    cases: list[tuple[str, dict[str, Any]]] = [
        ("name", {"name": " "}),
        ("name", {"name": "taken"}),
        ("channels", {"channels": ["fax"]}),
        ("channels", {"channels": ["email"]}),  # is not given by itself
        ("categories", {"categories": ["weather"]}),
        ("languages", {"languages": ["xx"]}),
        ("stores", {"stores": [cast.c.pk]}),  # another agency's
        ("pool", {"pool": [cast.ann.pk]}),  # a lead is given nothing
        ("pool", {"pool": [cast.cy.pk]}),
        ("pool", {"pool": [cast.bo.pk], "stores": [cast.b.pk]}),  # Bo was not given B
        ("demands", {"demands": ["juggling"]}),
        ("demands", {"demands": ["language"]}),  # nobody has said any
        ("keep_min", {"keep_min": 1441}),
        ("after_s", {"after_s": -1}),
    ]
    for field, values in cases:
        with pytest.raises((Invalid, Conflict)) as refused:
            rule(cast, **{"name": "R", **values})
        assert refused.value.field == field, values
    assert names(cast) == ["Taken"]


def test_a_skill_that_nobody_has_is_unknown(cast: Cast) -> None:
    skilled(cast, cast.bo, language=["th"])
    rule(cast, "Thai", languages=["th"], demands=["language"])
    with pytest.raises(Invalid, match="Japanese") as refused:
        rule(cast, "Japanese", languages=["th", "ja"], demands=["language"])
    assert refused.value.field == "demands"
    with pytest.raises(Invalid):  # who has it was not given that store
        rule(cast, "B", languages=["th"], demands=["language"], stores=[cast.b.pk])


def test_a_rule_that_another_hides_is_marked(cast: Cast) -> None:
    rule(cast, "All refunds", categories=["refund"])
    hidden = rule(cast, "Chinese refunds", categories=["refund"], languages=["zh"])
    rule(cast, "Chinese", languages=["zh"])
    lines = rule_lines(rules_of_agency(cast.north.pk), plan_row(cast.north.pk), {}, {})
    assert [line.hidden_by for line in lines] == ["", "All refunds", ""]
    move_rule(hidden, up=True, by=cast.ann, now=NOON)
    lines = rule_lines(rules_of_agency(cast.north.pk), plan_row(cast.north.pk), {}, {})
    assert {line.hidden_by for line in lines} == {""}


def test_the_pages_work_by_hand(cast: Cast, ann: Client) -> None:
    form = {"name": "退款", "categories": ["refund"], "pool": [cast.bo.pk], "keep_min": "5", "is_on": "on"}
    assert ann.post(PAGE + "rules/new/", form).status_code == 302
    made = Rule.objects.get()
    assert (made.pool, made.keep_min, made.after_s, made.is_on) == ([cast.bo.pk], 5, None, True)
    assert "退款" in ann.get(PAGE).content.decode()
    wrong = ann.post(f"{PAGE}rules/{made.pk}/", {**form, "stores": [cast.b.pk], **seen(ann, made.pk)})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (400, ["pool"])
    ann.post(PAGE, {"do": "off", "rule": made.pk})
    assert not Rule.objects.get().is_on
    Assignment.objects.filter(user=cast.bo).delete()
    assert "Choose people" in ann.post(PAGE, {"do": "on", "rule": made.pk}, follow=True).content.decode()
    assert not Rule.objects.get().is_on
    ann.post(f"{PAGE}rules/{made.pk}/", {"do": "remove"})
    assert not Rule.objects.exists()
    for bad in ("", "x", "9" * 20, "9" * 5000):
        assert ann.post(PAGE, {"do": "up", "rule": bad}).status_code == 404


def test_of_two_who_save_a_rule_at_once_the_second_is_told_and_loses_nothing(cast: Cast, ann: Client) -> None:
    made = rule(cast, "退款", keep_min=1)
    opened = seen(ann, made.pk)
    form = {"name": "退款", "keep_min": "9", "is_on": "on"}
    move_rule(rule(cast, "Z"), up=True, by=cast.ann, now=NOON)  # an order is nothing that the form has
    assert ann.post(f"{PAGE}rules/{made.pk}/", {**form, "keep_min": "1", **opened}).status_code == 302
    opened = seen(ann, made.pk)
    save_rule(cast.north.pk, made.pk, {"languages": ["zh"]}, by=cast.bo, now=NOON)
    late = ann.post(f"{PAGE}rules/{made.pk}/", {**form, "after_s": "x", **opened})
    assert (late.status_code, late.context["seen"]) == (400, opened["_seen"])  # a slip of the pen is no look at it
    late = ann.post(f"{PAGE}rules/{made.pk}/", {**form, **opened})
    text = late.content.decode()
    assert late.status_code == 409
    assert "saved this while you were writing (in these languages)" in text
    assert 'name="keep_min" value="9"' in text
    assert Rule.objects.get(pk=made.pk).languages == ["zh"]
    assert ann.post(f"{PAGE}rules/{made.pk}/", {**form, "_seen": late.context["seen"]}).status_code == 302
    assert Rule.objects.get(pk=made.pk).keep_min == 9


def test_of_two_who_save_the_plan_at_once_the_second_is_told(cast: Cast, ann: Client) -> None:
    ann.post(PAGE, {**PLAN, "_seen": ann.get(PAGE).context["seen"]})
    opened = ann.get(PAGE).context["seen"]
    set_plan(cast.north.pk, {"ring_s": 77}, by=cast.bo, now=NOON)
    late = ann.post(PAGE, {**PLAN, "_seen": opened})
    assert late.status_code == 409
    assert plan_row(cast.north.pk).ring_s == 77
    assert ann.post(PAGE, {**PLAN, "_seen": late.context["seen"]}).status_code == 302


def test_a_verb_that_read_before_the_lock_writes_over_nothing(cast: Cast) -> None:
    read = rule(cast, "A")
    rule(cast, "A", read.pk, keep_min=7)
    switch_rule(read, on=False, by=cast.ann, now=NOON)  # `read` still says 0 minutes
    now = Rule.objects.get()
    assert (now.keep_min, now.is_on) == (7, False)
    assert rule(cast, "B", read.pk).keep_min == 7
    remove_rule(read, by=cast.ann, now=NOON)
    for late in (lambda: switch_rule(read, on=True, by=cast.ann, now=NOON), lambda: rule(cast, "C", read.pk)):
        with pytest.raises(NotFound):
            late()


@pytest.mark.parametrize("field", ["stores", "pool"])
def test_a_rule_whose_only_store_or_people_are_gone_never_becomes_one_about_all(
    cast: Cast, ann: Client, field: str
) -> None:
    made = rule(cast, "青禾", stores=[cast.a.pk], pool=[cast.bo.pk])
    if field == "stores":
        Store.objects.filter(pk=cast.a.pk).update(state="suspended")
    else:
        Assignment.objects.filter(user=cast.bo).delete()
    gone = "no store that is still open" if field == "stores" else "nobody who is still here"
    assert gone in ann.get(PAGE).content.decode()
    page = ann.get(f"{PAGE}rules/{made.pk}/")
    assert ("not open any more" if field == "stores" else "no agent any more") in page.content.decode()
    form = {
        name: value for name, value in page.context["form"].initial.items() if value is not None and value is not False
    }
    for opened in ({"do": "save"}, {"do": "try"}):
        wrong = ann.post(f"{PAGE}rules/{made.pk}/", {**form, "_seen": page.context["seen"], **opened})
        assert (wrong.status_code, list(wrong.context["form"].errors)) == (400, [field])
    kept = Rule.objects.get()
    assert (kept.stores, kept.pool) == ([cast.a.pk], [cast.bo.pk])


# ---------------------------------------------------------------- the dry run


def wrote(key: str, at: datetime) -> int:
    return buyer_writes(key, "退款怎么办", channel=Channel.WIDGET, customer_id=key, at=at).ticket_number


def a_day(cast: Cast) -> list[int]:
    """Three chats and one of Tmall's on 20 November; Ann answered the first."""
    with in_store(cast.a):
        numbers = [wrote(f"v:{n}", NOON + timedelta(minutes=n)) for n in range(3)]
        first = Ticket.objects.get(pk=numbers[0])
        later = NOON + timedelta(minutes=9)
        reply_to_ticket(first, author=cast.ann, body="好的", client_key="k", seen_seq=None, now=later)
        Ticket.objects.filter(pk=numbers[1]).update(category="refund")
        buyer_writes("t-9", channel=Channel.TMALL, customer_id="t", at=NOON)
    return numbers


def test_the_dry_run_tells_who_would_have_got_what_and_changes_nothing(cast: Cast, ann: Client) -> None:
    new_agent(cast, "Eve")
    numbers = a_day(cast)
    plan(cast, most_chats=1)
    shift(cast, cast.bo, cast.a)
    before = snapshot(cast.a, cast.b)
    run = ann.get(PAGE + "dry-run/", {"day": DAY}).context["run"]
    assert [(line.number, line.person, line.really) for line in run.lines] == [
        (numbers[0], "Bo", "Ann"),
        (numbers[1], "Bo", ""),  # when the first was answered
        (numbers[2], "", ""),
    ]
    assert (run.given, run.left, run.others, run.has_roster) == (2, 1, 1, True)
    assert {one.name: one.given for one in run.people} == {"Bo": 2, "Eve": 0}
    assert [(one.name, one.given, one.left) for one in run.stores] == [("Store A", 2, 1)]
    assert run.lines[2].why == "all who may have it had as many as they take"
    assert snapshot(cast.a, cast.b) == before


def test_the_dry_run_gives_what_is_due_first_before_what_came_first(cast: Cast, ann: Client) -> None:
    """Bo has a letter that is answered at five past; two wait for him, and the later is a question before buying."""
    plan(cast, channels=["email"], most_others=1)
    letters = []
    with in_store(cast.a):
        for n in range(3):
            at = NOON + timedelta(minutes=n - 1)
            came = buyer_writes(f"m:{n}", channel=Channel.EMAIL, customer_id=f"{n}@example.com", at=at)
            letters.append(came.ticket_number)
        Ticket.objects.filter(pk=letters[2]).update(category="pre_sale")
        first, later = Ticket.objects.get(pk=letters[0]), NOON + timedelta(minutes=5)
        reply_to_ticket(first, author=cast.ann, body="好的", client_key="k", seen_seq=None, now=later)
    run = ann.get(PAGE + "dry-run/", {"day": DAY}).context["run"]
    assert [(line.number, line.person) for line in run.lines] == list(zip(letters, ("Bo", "", "Bo"), strict=True))


def test_the_dry_run_gives_out_what_buyers_began_and_not_what_a_colleague_took_back(cast: Cast, ann: Client) -> None:
    with in_store(cast.a):
        yesterdays = wrote("v:1", NOON - timedelta(days=1))
        close(Ticket.objects.get(pk=yesterdays), by=cast.ann, now=NOON - timedelta(minutes=9))
        reopen(Ticket.objects.get(pk=yesterdays), by=cast.ann, now=NOON - timedelta(minutes=8))
        buyer_writes("v:1+", "还在吗", channel=Channel.WIDGET, customer_id="v:1", at=NOON)
        todays = wrote("v:2", NOON)
    run = ann.get(PAGE + "dry-run/", {"day": DAY}).context["run"]
    assert [line.number for line in run.lines] == [todays]


def test_a_rule_is_tried_before_it_is_saved(cast: Cast, ann: Client) -> None:
    new_agent(cast, "Eve")
    eve = Assignment.objects.get(user__name="Eve").user_id
    numbers = a_day(cast)
    form = {"name": "Refunds", "categories": ["refund"], "pool": [eve], "keep_min": "0", "do": "try"}
    run = ann.post(PAGE + "rules/new/", form).context["run"]
    line = next(line for line in run.lines if line.number == numbers[1])
    assert (line.person, line.rule) == ("Eve", "Refunds")
    assert not Rule.objects.exists()
    wrong = ann.post(PAGE + "rules/new/", {**form, "stores": [cast.b.pk]})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (400, ["pool"])
    saved = rule(cast, "Refunds", categories=["refund"], pool=[eve], is_on=False)
    again = ann.post(f"{PAGE}rules/{saved.pk}/", {**form, "pool": [cast.bo.pk]}).context["run"]
    assert next(line for line in again.lines if line.number == numbers[1]).person == "Bo"
    assert Rule.objects.get().pool == [eve]


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2020-01-01", "2027-01-01", "0001-01-01"])
def test_a_day_that_is_none_says_so(cast: Cast, ann: Client, day: str) -> None:
    answer = ann.get(PAGE + "dry-run/", {"day": day})
    assert answer.status_code == 200
    assert answer.context["problem"]
    assert answer.context["run"].day == datetime(2026, 11, 20, tzinfo=UTC).date()


def test_the_dry_run_asks_as_much_however_many_tickets(cast: Cast, ann: Client) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            ann.get(PAGE + "dry-run/", {"day": DAY})
        return len(queries)

    a_day(cast)
    few = counted()
    with in_store(cast.a):
        for n in range(20):
            wrote(f"w:{n}", NOON + timedelta(minutes=n))
    assert counted() == few
