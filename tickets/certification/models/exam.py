"""An exam: which stores ask for it, which SOPs it is about, and the questions that it draws from."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from knowledge.models import Item
from tenants.models import Agency, Store
from tenants.models.grants import Grants


def in_readers_language(zh: str, en: str) -> str:
    """The one, else the other."""
    return (zh or en) if (get_language() or "zh").startswith("zh") else (en or zh)


class Exam(models.Model):
    """`asks` of its questions are drawn for each sitting; `pass_mark` per cent of them must be right."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("an exam", "being written")
        OPEN = "open", pgettext_lazy("an exam", "open, not yet asked for")
        ASKED = "asked", pgettext_lazy("an exam", "asked for")
        RETIRED = "retired", pgettext_lazy("an exam", "retired")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    all_stores = models.BooleanField(_("all stores, later ones too"), default=False)
    pass_mark = models.PositiveSmallIntegerField(
        _("pass mark"), default=80, validators=[MinValueValidator(1), MaxValueValidator(100)], help_text=_("Per cent.")
    )
    asks = models.PositiveSmallIntegerField(
        _("questions of a sitting"), default=10, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    minutes = models.PositiveSmallIntegerField(
        _("time for it"), default=20, validators=[MinValueValidator(1), MaxValueValidator(240)], help_text=_("Minutes.")
    )
    wait_minutes = models.PositiveIntegerField(
        _("before another try"), default=60, validators=[MaxValueValidator(43_200)], help_text=_("Minutes.")
    )
    changed_at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT, UPDATE", whole_agency=True)

    class Meta:
        verbose_name = _("exam")
        verbose_name_plural = _("exams")
        constraints = [
            models.CheckConstraint(
                name="exam_pass_mark_is_a_share",
                condition=Q(pass_mark__gte=1, pass_mark__lte=100),
                violation_error_message=_("Between 1 and 100."),
            ),
            models.CheckConstraint(name="exam_asks_something", condition=Q(asks__gte=1, minutes__gte=1)),
        ]
        indexes = [
            # queries.exams, queries.certified: an agency's exams, and those that are asked for.
            models.Index(fields=["agency", "state"], name="exam_of_agency"),
        ]

    def __str__(self) -> str:
        return in_readers_language(self.name_zh, self.name_en) or gettext("Without a name")


class ExamStore(models.Model):
    """A store that was chosen to ask for the exam."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="chosen")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT, INSERT, DELETE", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exam", "store"], name="exam_store_chosen_once")]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.store_id}"


class ExamSop(models.Model):
    """An SOP that the exam is about: where a store gets a newer version of it, certificates lapse there."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="sops")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT, INSERT, DELETE", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exam", "item"], name="exam_about_sop_once")]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.item_id}"


class Question(models.Model):
    """One of an exam's bank. `choices`: [{zh, en, is_right}], two to six. `changed_at`: when its meaning last changed;
    how often it was answered right is counted from there. `sop` and `step` (its key there) say what it is about.
    """

    class Kind(models.TextChoices):
        SINGLE = "single", _("one is right")
        MULTIPLE = "multiple", _("one or more are right")
        TRUTH = "truth", _("true or false")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="questions")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SINGLE)
    text_zh = models.CharField(_("question in Chinese"), max_length=1000, blank=True)
    text_en = models.CharField(_("question in English"), max_length=1000, blank=True)
    choices = models.JSONField()
    why_zh = models.CharField(_("explanation in Chinese"), max_length=2000, blank=True)
    why_en = models.CharField(_("explanation in English"), max_length=2000, blank=True)
    sop = models.ForeignKey(Item, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    step = models.CharField(max_length=60, blank=True)
    is_on = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT, UPDATE", whole_agency=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        indexes = [
            # queries.questions: an exam's bank, in the order in which it was written.
            models.Index(fields=["exam", "id"], name="question_of_exam"),
        ]

    def __str__(self) -> str:
        return in_readers_language(self.text_zh, self.text_en)
