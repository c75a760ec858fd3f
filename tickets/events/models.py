"""直播/大促: what a store expects, who is lent to it then, and bursts that nobody had announced. No buyer's words."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models import Store
from tenants.models.grants import Grants
from tickets.clocks.demand import LEAST_RISE, MOST_RISE

LEAST_SHARE, MOST_SHARE = 10, 100
RUNNING = Q(begun_at__isnull=False, ended_at__isnull=True)


class LiveEvent(models.Model):
    """Something that brings a store buyers for a time. `begun_at` and `ended_at` are the clock's: each is set once.

    While it runs, warnings come at `alarm_share` per cent of their usual shares, the replies of the folder `pack` come
    first, and what a buyer is told at once says so.
    """

    class Kind(models.TextChoices):
        LIVE = "live", _("live stream")
        PROMOTION = "promotion", _("promotion")

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(pgettext_lazy("a live event", "kind"), max_length=10, choices=Kind, default=Kind.LIVE)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    multiplier = models.FloatField(
        _("times the usual"),
        default=4,
        validators=[MinValueValidator(LEAST_RISE), MaxValueValidator(MOST_RISE)],
        help_text=_("After a live stream buyers write three to four times as much."),
    )
    alarm_share = models.PositiveSmallIntegerField(
        _("warnings at"),
        default=50,
        validators=[MinValueValidator(LEAST_SHARE), MaxValueValidator(MOST_SHARE)],
        help_text=_("Per cent of their usual time: at 50, what warns at half of the time warns at a quarter."),
    )
    pack = models.CharField(
        _("quick replies"),
        max_length=200,
        blank=True,
        help_text=_("The folder whose replies come first while it runs."),
    )
    ack_zh = models.TextField(_("automatic word in Chinese"), max_length=300, blank=True)
    ack_en = models.TextField(_("automatic word in English"), max_length=300, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    # By columns inside a store, for what a store may read whole travels in its archive: the plan is the agency's own.
    grants = Grants(
        desk="SELECT, INSERT, UPDATE, DELETE",
        store="SELECT (id, store_id, name, kind, ends_at, multiplier, alarm_share, pack, ack_zh, ack_en, begun_at,"
        " ended_at)",
    )

    class Meta:
        verbose_name = _("live event")
        verbose_name_plural = _("live events")
        constraints = [
            models.CheckConstraint(
                name="event_ends_after_it_begins",
                condition=Q(ends_at__gt=F("begins_at")),
                violation_error_message=_("It ends before it begins."),
            ),
            ExclusionConstraint(
                name="event_alone_in_its_store",
                expressions=[
                    # A range with one number in it: GiST needs no extension for that.
                    (Func(F("store_id"), F("store_id"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (Func(F("begins_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another event of this store is then."),
            ),
            # Also the index of whoever asks what runs in a store: every verb, and the tick.
            models.UniqueConstraint(fields=["store"], name="event_runs_alone", condition=RUNNING),
        ]
        indexes = [
            # follow: what begins …
            models.Index(
                fields=["begins_at"], name="event_begins", condition=Q(begun_at__isnull=True, ended_at__isnull=True)
            ),
            # … and what ends.
            models.Index(fields=["ends_at"], name="event_ends", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.name


class Lent(models.Model):
    """A person helps in the store while the event runs. Of what they were given only what this row added is taken."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    event = models.ForeignKey(LiveEvent, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # No foreign key: who takes the store from them takes the row, and this number then stands for nothing.
    added_assignment = models.BigIntegerField(null=True, help_text="Empty: not lent yet, or the store was theirs.")
    over_at = models.DateTimeField(null=True, help_text="When they were taken out again.")
    released_at = models.DateTimeField(null=True, help_text="When the tickets they still had went back to the queue.")

    grants = Grants(desk="SELECT, INSERT, UPDATE, DELETE", whole_agency=True)

    class Meta:
        verbose_name_plural = "lent"
        constraints = [models.UniqueConstraint(fields=["event", "person"], name="lent_once")]
        indexes = [
            # follow: whose tickets go back.
            models.Index(
                fields=["over_at"],
                name="lent_to_release",
                condition=Q(over_at__isnull=False, released_at__isnull=True, added_assignment__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.person_id}"


class Spike(models.Model):
    """Buyers wrote far more than they usually do in such an hour of the week. Counts of ten minutes."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    usual = models.FloatField(null=True, help_text="Messages of ten minutes; empty: the store is too young to tell.")
    seen = models.PositiveIntegerField(help_text="The most of ten minutes.")
    now_seen = models.PositiveIntegerField(help_text="Of the last ten minutes.")

    grants = Grants(desk="SELECT")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store"], name="spike_one_at_a_time", condition=Q(ended_at__isnull=True))
        ]
        indexes = [
            # queries.report, queries.calendar: a store's own, latest first.
            models.Index(fields=["store", "-began_at"], name="spike_of_store"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.began_at:%Y-%m-%d %H:%M}"
