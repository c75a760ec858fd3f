"""上岗考试: questions, exams of a store or of a set of SOPs, who sat them, and what that is worth."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.models import Item
from tenants.models import Agency, Store
from tenants.models.grants import Grants


class Question(models.Model):
    """A question of the agency's bank. `options`: [{zh, en, is_right}], two to six, at least one right."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(_("topic"), max_length=60, blank=True)
    text_zh = models.CharField(_("question in Chinese"), max_length=500, blank=True)
    text_en = models.CharField(_("question in English"), max_length=500, blank=True)
    options = models.JSONField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE", whole_agency=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        indexes = [
            # queries.exams: the bank, by topic.
            models.Index(fields=["agency", "topic", "id"], name="question_of_agency"),
        ]

    def __str__(self) -> str:
        return self.text_zh or self.text_en


class Exam(models.Model):
    """What must be passed to work somewhere: in its store, or in every store that runs one of its SOPs.

    `asked` of its questions are drawn for each sitting, `pass_share` (per cent) of them must be right.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    title_zh = models.CharField(_("title in Chinese"), max_length=120, blank=True)
    title_en = models.CharField(_("title in English"), max_length=120, blank=True)
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    asked = models.PositiveSmallIntegerField(_("questions asked"), default=10)
    pass_share = models.PositiveSmallIntegerField(_("pass mark, per cent"), default=80)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=30)
    again_after_hours = models.PositiveSmallIntegerField(_("hours before the next try"), default=1)
    valid_days = models.PositiveSmallIntegerField(_("valid for, days"), null=True, blank=True)
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    # Inside a store by columns: see Shift.
    grants = Grants(
        desk="SELECT, INSERT, UPDATE", store="SELECT (id, agency_id, store_id, archived_at)", whole_agency=True
    )

    class Meta:
        verbose_name = _("exam")
        verbose_name_plural = _("exams")
        constraints = [
            models.CheckConstraint(
                name="exam_pass_mark_is_a_share",
                condition=Q(pass_share__gte=1, pass_share__lte=100),
                violation_error_message=_("Between 1 and 100."),
            )
        ]

    def __str__(self) -> str:
        return self.title_zh or self.title_en


class ExamQuestion(models.Model):
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="questions")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT, INSERT, DELETE", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exam", "question"], name="exam_asks_once")]


class ExamSop(models.Model):
    """An SOP that the exam is about: with its next version the certificates lapse."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="sops")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")

    grants = Grants(desk="SELECT, INSERT, DELETE", store="SELECT", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exam", "item"], name="exam_is_about_once")]


class Sitting(models.Model):
    """One try. `asked`: [{id, zh, en, options: [{zh, en}], right: [places]}] as it was then; `answers`: {id: [places]}.

    `versions`: {item: version number} of the exam's SOPs when it began.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    begun_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    asked = models.JSONField()
    answers = models.JSONField(default=dict)
    versions = models.JSONField(default=dict)
    correct = models.PositiveSmallIntegerField(null=True)
    passed = models.BooleanField(null=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE (ended_at, answers, correct, passed)", whole_agency=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exam", "person"], name="sitting_one_open", condition=Q(ended_at__isnull=True)
            )
        ]
        indexes = [
            # queries.exams: one's tries of an exam, the latest first.
            models.Index(fields=["exam", "person", "-begun_at"], name="sitting_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.person_id}"


class Certificate(models.Model):
    """A person passed an exam, or a lead vouches for them. The latest one counts while its versions are those that run.

    `versions`: {item: version number} that it is about.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sitting = models.ForeignKey(Sitting, null=True, on_delete=models.SET_NULL, related_name="+")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text="Of who gave it without a sitting.")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    versions = models.JSONField(default=dict)

    grants = Grants(desk="SELECT, INSERT, UPDATE (revoked_at)", store="SELECT", whole_agency=True)

    class Meta:
        indexes = [
            # queries.certified: the latest certificate of each person for each exam.
            models.Index(fields=["agency", "exam", "person", "-given_at"], name="certificate_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.person_id}"
