"""Questions: refused by field, imported with a dry run, changed and not doubled by the same file again."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from knowledge.models import Item
from tenants.errors import Conflict, Invalid
from tenants.models import Store
from tenants.tables.problems import BadTable
from tenants.tables.writing import csv_of, xlsx_of
from tests.cast import NOON, Cast
from tests.certification.scenes import VALUES, WANTED, make_exam, question_of
from tests.conftest import SignIn
from tests.sops import make_sop
from tickets.certification.actions.set_exam import save_exam, set_state
from tickets.certification.actions.set_question import Choice, Wanted, save_question, switch_question, true_or_false
from tickets.certification.files import lines_in, table_of
from tickets.certification.models import Exam, Question
from tickets.certification.queries.exams import SopName, bank, sops_of_exam

YES, NO = Choice("是", "yes", True), Choice("否", "no", False)
HEAD = "题型,题目,选项A,选项B,选项C,答案,解析,SOP,步骤\n"
SOPS = [SopName(7, "退款流程", {"soothe": "安抚"})]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted("single", "", "", (YES, NO)), "text_zh"),
        (Wanted("single", "问", "", (YES,)), "choice.1"),
        (Wanted("single", "问", "", (NO, Choice("不", "never", False))), "right"),
        (Wanted("single", "问", "", (YES, Choice("对", "right", True))), "right"),
        (Wanted("single", "问", "", (YES, YES)), "choice.2"),
        (Wanted("single", "问", "", (YES, Choice("不", "", False))), "choice.2"),
        (Wanted("single", "问", "", (YES, Choice("不", "x" * 301, False))), "choice.2"),
        (Wanted("essay", "问", "", (YES, NO)), "kind"),
        (Wanted("single", "问", "", (YES, NO), sop=99), "sop"),
        (Wanted("single", "x" * 1001, "", (YES, NO)), "text_zh"),
        (Wanted("single", "问", "a\x00b", (YES, NO)), "text_en"),
        (Wanted("single", "问", "", (YES, Choice("\x00", "no", False))), "choice.2"),
    ],
)
def test_what_is_no_question_says_where(cast: Cast, wanted: Wanted, field: str) -> None:
    exam = make_exam(cast)
    with pytest.raises(Invalid) as refused:
        save_question(exam, None, wanted, by=cast.ann, now=NOON)
    assert refused.value.field == field
    assert len(bank(exam)) == 3


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name_zh": " ", "name_en": ""}, "name_zh"),
        ({"pass_mark": 0}, "pass_mark"),
        ({"pass_mark": 101}, "pass_mark"),
        ({"minutes": 0}, "minutes"),
        ({"stores": []}, "stores"),
        ({"stores": "south"}, "stores"),
        ({"sops": [999999]}, "sops"),
        ({"asks": 4}, "asks"),
    ],
)
def test_what_is_no_exam_says_where(cast: Cast, more: dict[str, Any], field: str) -> None:
    exam = make_exam(cast)
    values = {**VALUES, "stores": [cast.a.pk], **more}
    if values["stores"] == "south":
        values["stores"] = [cast.c.pk]
    with pytest.raises(Invalid) as refused:
        save_exam(cast.north.pk, exam, values, by=cast.ann, now=NOON)
    assert refused.value.field == field


def test_too_few_questions_are_not_opened_and_what_was_open_is_no_draft_again(cast: Cast) -> None:
    exam = make_exam(cast, state="draft", asks=9)
    with pytest.raises(Invalid):
        set_state(exam, "open", by=cast.ann, now=NOON)
    with pytest.raises(Conflict):
        set_state(make_exam(cast), "draft", by=cast.ann, now=NOON)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_is_read_in_any_encoding(encoding: str) -> None:
    rows = "单选,包邮吗？,是,否,,A,都包邮,退款流程,安抚\n,谁审批？,甲,乙,丙,AC,,,\n判断,可以加微信。,,,,错,,,\n"
    one, several, truth = (line.wanted for line in lines_in((HEAD + rows).encode(encoding), SOPS))
    assert (one.kind, one.sop, one.step, one.why_zh) == ("single", 7, "soothe", "都包邮")
    assert one.choices == (Choice("是", "", True), Choice("否", "", False))
    assert (several.kind, [choice.is_right for choice in several.choices]) == ("multiple", [True, False, True])
    assert (truth.kind, truth.choices) == ("truth", true_or_false(False))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("essay,问,是,否,,A,,,", "Row 2, column “kind”"),
        ("single,问,是,否,,D,,,", "Row 2, column “right answer”"),
        ("single,问,是,否,,AB,,,", "Row 2, column “right answer”"),
        ("single,问,是,,否,A,,,", "Row 2, column “C 中文”"),
        ("truth,问,,,,A,,,", "Row 2, column “right answer”"),
        ("single,,是,否,,A,,,", "Row 2, column “question in Chinese”"),
        ("single,问,是,否,,A,,别的,", "Row 2, column “SOP”"),
        ("single,问,是,否,,A,,退款流程,别的", "Row 2, column “step”"),
        ("single,问,是,否,,A,,,\nsingle,问,是,否,,B,,,", "Row 3, column “question in Chinese”"),
    ],
)
def test_what_is_wrong_names_its_row_and_column(row: str, told: str) -> None:
    with pytest.raises(BadTable) as refused:
        lines_in((HEAD + row).encode(), SOPS)
    assert told in str(refused.value)


@pytest.mark.parametrize("written", [csv_of, xlsx_of])
def test_what_goes_out_comes_in_as_it_was(cast: Cast, written: Any) -> None:
    item = make_sop(cast)
    exam = make_exam(cast, sops=[item.pk])
    about = Wanted("single", "一", "One", (YES, NO), "因", "Why", item.pk, "soothe")
    save_question(exam, None, about, by=cast.ann, now=NOON)
    sops = sops_of_exam(exam)
    lines = lines_in(written(*table_of(bank(exam), sops)), sops)
    assert [line.wanted for line in lines] == [*WANTED, about]


URL = "/admin/certification/{}/questions/import/"


def sent(data: bytes, **more: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("q.csv", data), **more}


def test_an_import_shows_does_and_does_no_more(cast: Cast, sign_in: SignIn) -> None:
    exam = make_exam(cast)
    ann: Client = sign_in(cast.ann)
    url = URL.format(exam.pk)
    head = "kind,question,question en,A,A en,B,B en,right\n"
    data = f"{head}single,新题,New,是,yes,否,no,B\nsingle,包邮吗？,Free postage?,是,yes,否,no,B\n".encode()
    page = ann.post(url, sent(data), headers={"HX-Request": "true"}).content.decode()
    assert "1 new" in page
    assert "1 changes" in page
    assert Question.objects.filter(exam=exam).count() == 3
    assert ann.post(url, sent(data, sure="1")).status_code == 302
    assert Question.objects.filter(exam=exam).count() == 4
    assert question_of(exam, "truth").choices == [
        {"zh": "正确", "en": "True", "is_right": False},
        {"zh": "错误", "en": "False", "is_right": True},
    ]
    again = ann.post(url, sent(data), headers={"HX-Request": "true"}).content.decode()
    assert "2 as they were" in again
    assert 'name="sure"' not in again
    bad = ann.post(url, sent(b"kind,question,right\nsingle,,A\n"))
    assert bad.status_code == 400
    assert "Row 2" in bad.content.decode()


# ---------------------------------------------------------------- what changed since a page was read


def test_saving_an_exam_undoes_no_state_that_was_set_meanwhile(cast: Cast) -> None:
    exam = make_exam(cast, state="open")
    read = Exam.objects.get(pk=exam.pk)
    set_state(exam, "asked", by=cast.ann, now=NOON)
    save_exam(cast.north.pk, read, {**VALUES, "stores": [cast.a.pk]}, by=cast.ann, now=NOON)
    assert Exam.objects.get().state == "asked"


def test_saving_a_question_switches_nothing_on(cast: Cast) -> None:
    exam = make_exam(cast, state="draft")
    read = question_of(exam)
    switch_question(question_of(exam), False, by=cast.ann, now=NOON)
    save_question(exam, read, Wanted("single", "新", "", (YES, NO)), by=cast.ann, now=NOON)
    question = Question.objects.get(pk=read.pk)
    assert (question.text_zh, question.is_on) == ("新", False)


def test_what_is_suspended_or_archived_stays_chosen(cast: Cast, sign_in: SignIn) -> None:
    """Or the exam would let go of a store that is dark for a day, and of an SOP that stores go on running."""
    item = make_sop(cast)
    exam = make_exam(cast, stores=(cast.a, cast.b), sops=[item.pk])
    Store.objects.filter(pk=cast.b.pk).update(state=Store.State.SUSPENDED)
    Item.objects.filter(pk=item.pk).update(archived_at=NOON)
    ann, url = sign_in(cast.ann), f"/admin/certification/{exam.pk}/edit/"
    page = ann.get(url)
    form = page.context["form"]
    assert {pk for pk, _name in form.fields["stores"].choices} == {cast.a.pk, cast.b.pk}
    assert [pk for pk, _title in form.fields["sops"].choices] == [item.pk]
    assert ann.post(url, {**form.initial, "all_stores": "", "_seen": page.context["seen"]}).status_code == 302
    assert set(exam.chosen.values_list("store", flat=True)) == {cast.a.pk, cast.b.pk}
    assert exam.sops.count() == 1


def test_of_two_who_save_an_exam_at_once_the_second_is_told_and_loses_nothing(cast: Cast, sign_in: SignIn) -> None:
    exam = make_exam(cast, state="draft")
    ann, url = sign_in(cast.ann), f"/admin/certification/{exam.pk}/edit/"
    page = ann.get(url)
    typed = {**page.context["form"].initial, "all_stores": "", "name_en": "Mine", "_seen": page.context["seen"]}
    set_state(exam, "open", by=cast.bo, now=NOON)  # is nothing that the form has
    save_exam(cast.north.pk, exam, {**VALUES, "stores": [cast.a.pk], "pass_mark": 90}, by=cast.bo, now=NOON)
    late = ann.post(url, typed)
    assert late.status_code == 409
    assert "saved this while you were writing (pass mark)" in late.content.decode()
    assert late.context["form"]["name_en"].value() == "Mine"
    assert (Exam.objects.get().name_en, Exam.objects.get().pass_mark) == ("Entry", 90)
    assert ann.post(url, {**typed, "_seen": late.context["seen"]}).status_code == 302
    assert (Exam.objects.get().name_en, Exam.objects.get().pass_mark) == ("Mine", 60)


def test_of_two_who_save_a_question_at_once_the_second_is_told(cast: Cast, sign_in: SignIn) -> None:
    exam = make_exam(cast, state="draft")
    question = question_of(exam)
    ann, url = sign_in(cast.ann), f"/admin/certification/{exam.pk}/questions/{question.pk}/"
    typed = {"kind": "single", "text_zh": "我的", "choice.1.zh": "是", "choice.2.zh": "否", "right": "1"}
    opened = ann.get(url).context["seen"]
    switch_question(question, False, by=cast.bo, now=NOON)  # is nothing that the form has
    save_question(exam, question, Wanted("single", "新", "", (YES, NO)), by=cast.bo, now=NOON)
    late = ann.post(url, {**typed, "_seen": opened})
    assert late.status_code == 409
    assert "Bo saved this while you were writing (Question in Chinese, Question in English, " in late.content.decode()
    assert late.context["typed"].text_zh == "我的"
    assert question_of(exam).text_zh == "新"
    assert ann.post(url, {**typed, "_seen": late.context["seen"]}).status_code == 302
    assert question_of(exam).text_zh == "我的"
