"""Questions as a file: XLSX or CSV, in and out. What can't be read names its row and its column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import Invalid
from tenants.tables.problems import BadTable, Problem, whole
from tenants.tables.reading import Column, Row, read_table
from tickets.certification.actions.set_question import Choice, Wanted, check_question, true_or_false
from tickets.certification.models import Question
from tickets.certification.queries.exams import SopName

Kind = Question.Kind
MOST_BYTES: Final = 2 * 1024 * 1024
LETTERS: Final = "ABCDEF"
KINDS: Final = {
    "single": Kind.SINGLE, "single choice": Kind.SINGLE, "单选": Kind.SINGLE, "单选题": Kind.SINGLE,
    "multiple": Kind.MULTIPLE, "multiple choice": Kind.MULTIPLE, "多选": Kind.MULTIPLE, "多选题": Kind.MULTIPLE,
    "truth": Kind.TRUTH, "true or false": Kind.TRUTH, "true/false": Kind.TRUTH, 
    "判断": Kind.TRUTH, "判断题": Kind.TRUTH,
}  # fmt: skip
TRUE: Final = {"true", "t", "yes", "right", "对", "正确", "是", "√", "✓"}
FALSE: Final = {"false", "f", "no", "wrong", "错", "错误", "否", "×", "✗"}

COLUMNS: Final = (
    Column("kind", (gettext_lazy("kind"), "kind", "type", "题型"), most_letters=20),
    Column("text_zh", (gettext_lazy("question in Chinese"), "question", "题目", "中文题目"), most_letters=1000),
    Column("text_en", (gettext_lazy("question in English"), "question en", "英文题目"), most_letters=1000),
    *(Column(f"{x}_zh", (f"{x} 中文", x, f"{x} zh", f"选项{x}"), most_letters=300) for x in LETTERS),
    *(Column(f"{x}_en", (f"{x} English", f"{x} en", f"选项{x}英文"), most_letters=300) for x in LETTERS),
    Column("right", (gettext_lazy("right answer"), "right", "answer", "答案", "正确答案"), True, 20),
    Column("why_zh", (gettext_lazy("explanation in Chinese"), "explanation", "解析", "中文解析"), most_letters=2000),
    Column("why_en", (gettext_lazy("explanation in English"), "explanation en", "英文解析"), most_letters=2000),
    Column("sop", ("SOP", "标准流程"), most_letters=200),
    Column("step", (gettext_lazy("step"), "step", "步骤"), most_letters=200),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    row: int
    wanted: Wanted


def heading_of(name: str) -> str:
    return next((column.heading for column in COLUMNS if column.name == name), name)


def lines_in(data: bytes, sops: Sequence[SopName]) -> list[Line]:
    """Questions about these SOPs. Raises BadTable with every place that is wrong."""
    if len(data) > MOST_BYTES:
        raise whole(_("A file of at most %(most)d MB can be read.") % {"most": MOST_BYTES >> 20})
    lines: list[Line] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    for row in read_table(data, COLUMNS).rows:
        try:
            wanted = _wanted(row, sops)
            check_question(wanted, sops)
        except Invalid as bad:
            problems.append(Problem(row.number, _column_of(bad.field or "", row), str(bad)))
            continue
        key = (wanted.text_zh, wanted.text_en)
        if key in seen:
            told = _("this question is in row %(row)d too.") % {"row": seen[key]}
            problems.append(Problem(row.number, heading_of("text_zh"), told))
        seen[key] = row.number
        lines.append(Line(row.number, wanted))
    if problems:
        raise BadTable(problems)
    if not lines:
        raise whole(_("There is no question in it."))
    return lines


def _wanted(row: Row, sops: Sequence[SopName]) -> Wanted:
    said = row.values
    right = said["right"].strip()
    kind = _kind(said["kind"], right)
    sop = _sop(said["sop"], sops)
    return Wanted(
        kind=kind,
        choices=_choices(said, kind, right),
        sop=sop.pk if sop else None,
        step=_step(said["step"], sop),
        **{name: said[name] for name in ("text_zh", "text_en", "why_zh", "why_en")},
    )


def _kind(word: str, right: str) -> str:
    """As it is called; where it is not, by its answer."""
    if word:
        if word.casefold() not in KINDS:
            raise Invalid(_("single, multiple, or true or false."), field="kind")
        return KINDS[word.casefold()]
    if right.casefold() in TRUE | FALSE and right.upper() not in LETTERS:
        return Kind.TRUTH
    return Kind.MULTIPLE if len(_letters(right)) > 1 else Kind.SINGLE


def _choices(said: dict[str, str], kind: str, right: str) -> tuple[Choice, ...]:
    if kind == Kind.TRUTH:
        if right.casefold() not in TRUE | FALSE:
            raise Invalid(_("true or false."), field="right")
        return true_or_false(right.casefold() in TRUE)
    good = _letters(right)
    found: list[Choice] = []
    for letter in LETTERS:
        zh, en = said[f"{letter}_zh"], said[f"{letter}_en"]
        if zh or en:
            if len(found) != LETTERS.index(letter):
                raise Invalid(_("A choice before it is empty."), field=f"choice.{LETTERS.index(letter) + 1}")
            found.append(Choice(zh, en, letter in good))
    if not good <= set(LETTERS[: len(found)]):
        raise Invalid(_("Letters of choices that are there: A, or ACD."), field="right")
    return tuple(found)


def _letters(right: str) -> set[str]:
    return set(right.upper()) - set(" ,;、，；/+&.")


def _sop(word: str, sops: Sequence[SopName]) -> SopName | None:
    if not word:
        return None
    found = [sop for sop in sops if sop.title.casefold() == word.casefold()]
    if len(found) != 1:
        raise Invalid(_("The exam is not about this SOP."), field="sop")
    return found[0]


def _step(word: str, sop: SopName | None) -> str:
    if not word:
        return ""
    steps = sop.steps if sop else {}
    found = [key for key, title in steps.items() if word.casefold() in (key.casefold(), title.casefold())]
    if not found:
        raise Invalid(_("The SOP has no such step."), field="step")
    return found[0]


def _column_of(field: str, row: Row) -> str:
    if field.startswith("choice."):
        letter = LETTERS[int(field.removeprefix("choice.")) - 1]
        is_english = bool(row.values[f"{letter}_en"]) and not row.values[f"{letter}_zh"]
        return heading_of(f"{letter}_{'en' if is_english else 'zh'}")
    return heading_of(field)


# ---------------------------------------------------------------- out


def table_of(questions: Iterable[Question], sops: Sequence[SopName]) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows that `lines_in` reads."""
    known = {sop.pk: sop for sop in sops}
    return [column.heading for column in COLUMNS], [_row(question, known) for question in questions]


def _row(question: Question, sops: dict[int, SopName]) -> list[Any]:
    is_truth = question.kind == Kind.TRUTH
    letters = dict(zip(LETTERS, question.choices, strict=False)) if not is_truth else {}
    right = "".join(letter for letter, choice in letters.items() if choice["is_right"])
    sop = sops.get(question.sop_id or 0)
    return [
        question.kind,
        question.text_zh,
        question.text_en,
        *(letters.get(letter, {}).get(language, "") for language in ("zh", "en") for letter in LETTERS),
        ("true" if question.choices[0]["is_right"] else "false") if is_truth else right,
        question.why_zh,
        question.why_en,
        sop.title if sop else "",
        sop.steps.get(question.step, "") if sop else "",
    ]
