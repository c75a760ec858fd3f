"""A correction: somebody who reads an article says what it should say, and a lead says what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.models.item import Item
from knowledge.models.version import Version
from tenants.models import Agency, Store
from tenants.models.grants import Grants


class Correction(models.Model):
    """`before` is the text in that language as its author read it, `after` as they would have it: whole Markdown."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")

    class Into(models.TextChoices):
        """Where the words of an accepted one went."""

        DRAFT = "draft", _("into the draft, for every store")
        OVERRIDE = "override", _("into this store's own text")

    class Language(models.TextChoices):
        ZH = "zh", _("Chinese")
        EN = "en", _("English")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="corrections")
    store = models.ForeignKey(
        Store, null=True, on_delete=models.CASCADE, related_name="+", help_text="In which it was read, if in one."
    )
    version = models.ForeignKey(Version, null=True, on_delete=models.RESTRICT, related_name="+")
    language = models.CharField(max_length=2, choices=Language)
    before = models.TextField()
    after = models.TextField()
    reason = models.CharField(max_length=500, help_text="How its author knows.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    went_to = models.CharField(max_length=10, choices=Into, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True, help_text="To its author.")

    grants = Grants(desk="SELECT, INSERT, UPDATE (state, went_to, decided_by_id, decided_at, answer)")

    class Meta:
        constraints = [
            models.CheckConstraint(name="declined_says_why", condition=~Q(state="declined") | ~Q(answer="")),
            models.CheckConstraint(name="accepted_says_into_what", condition=~Q(state="accepted") | ~Q(went_to="")),
        ]
        indexes = [
            # queries.corrections: what an agency has to decide, oldest first; and its count in the navigation.
            models.Index(fields=["agency", "proposed_at"], name="correction_open", condition=Q(state="open")),
            # queries.corrections: what somebody has proposed, latest first.
            models.Index(fields=["author", "-proposed_at"], name="correction_by_author"),
        ]

    def __str__(self) -> str:
        return str(self.item)
