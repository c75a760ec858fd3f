"""An SOP that is gone through on a ticket, step by step. It stands by itself: what it was begun with is kept with it.

The library is public and a store may leave it, so ids of the library are numbers here, and the content is a copy.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models.scoped import StoreRow
from tickets.models.ticket import Ticket


class NeverDeleted(RuntimeError):
    """A programming error: what was done on a ticket stays."""


class SopRun(StoreRow):
    """One way through an SOP. `step` is where it stands; empty once it is over."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        STOPPED = "stopped", _("stopped")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="sop_runs")
    item_id = models.BigIntegerField(help_text="Of knowledge.Item.")
    version_id = models.BigIntegerField(help_text="Of knowledge.Version.")
    version = models.PositiveIntegerField(help_text="The version's number.")
    is_override = models.BooleanField(default=False, help_text="Begun with the store's own text of that version.")
    content = models.JSONField(help_text="The SOP as it was begun, as knowledge.content spells it.")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    step = models.CharField(max_length=40, blank=True)
    step_since = models.DateTimeField(help_text="Since when it stands there: waits count from here.")
    since_seq = models.PositiveBigIntegerField(help_text="The ticket's last message then: what is said after counts.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was stopped.")

    class Meta:
        constraints = [
            # A double click, or two agents at once: the second start meets the first.
            models.UniqueConstraint(fields=["ticket"], name="sop_one_running", condition=Q(state="running")),
        ]
        indexes = [
            # queries.adherence: the tickets behind a number.
            models.Index(fields=["version_id", "-id"], name="sop_run_of_version"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} v{self.version}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverDeleted


class SopStepDone(StoreRow):
    """A step that is behind a run: done with its evidence, skipped with a reason, or decided by facts. Insert only."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        SKIPPED = "skipped", _("skipped")
        DECIDED = "decided", _("decided by itself")

    run = models.ForeignKey(SopRun, on_delete=models.PROTECT, related_name="steps", db_index=False)
    step = models.CharField(max_length=40)
    place = models.PositiveSmallIntegerField(help_text="How many steps were behind the run before it.")
    outcome = models.CharField(max_length=10, choices=Outcome)
    edge = models.PositiveSmallIntegerField(null=True, help_text="Which way was taken; none where it ended there.")
    evidence = models.JSONField(default=dict, help_text="What was shown, by its key; of facts, what they were.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was skipped.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="sop_step_once")]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverDeleted
