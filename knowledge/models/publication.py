"""下发: which store runs which version of which item, and how that came about."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.models.item import Item
from knowledge.models.version import Version
from tenants.models import Agency, Store
from tenants.models.grants import Grants


class Release(models.Model):
    """One act of publishing: a version to a set of stores, now or at a time; or, without a version, its withdrawal."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="releases")
    version = models.ForeignKey(Version, null=True, on_delete=models.RESTRICT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it is to take effect; made_at: at once.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="In which its author said when.")
    replaces_overrides = models.BooleanField(default=False, help_text="Stores' own texts give way to it.")
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True, help_text="When its stores went back to what they ran before.")

    grants = Grants(desk="SELECT, INSERT, UPDATE")

    class Meta:
        indexes = [
            # The tick: what is due and not yet done.
            models.Index(
                fields=["due_at"],
                name="release_due",
                condition=Q(done_at__isnull=True, cancelled_at__isnull=True),
            ),
            # An agency's releases, latest first.
            models.Index(fields=["agency", "-made_at"], name="release_of_agency"),
        ]


class Delivered(models.Model):
    """What a release did in one store: the line of its result, and the way back."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waits for its time")
        PUBLISHED = "published", _("published")
        UNCHANGED = "unchanged", _("ran it already")
        ASKED = "asked", _("waits for the seller")
        REFUSED = "refused", _("refused")
        UNDONE = "undone", _("went back")

    class Reason(models.TextChoices):
        """Why a store was refused or left alone; of a seller's refusal `reason` has their own words."""

        NO_RIGHT = "no_right", _("not open, or its author may not publish there any more")
        OTHER_MARKETPLACE = "other_marketplace", _("of another marketplace than the item")
        OTHER_STORE = "other_store", _("the item is another store's own")
        MOVED_ON = "moved_on", _("runs something else than when it was chosen")
        KEEPS_OWN = "keeps_own", _("goes on with its own text")
        NOT_ACCEPTED = "not_accepted", _("no lead has accepted this version")
        ARCHIVED = "archived", _("the item is archived")
        REPLACED = "replaced", _("a later release came")
        CANCELLED = "cancelled", _("cancelled")
        CHANGED_SINCE = "changed_since", _("has changed since, so it was left alone")

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="stores")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=500, blank=True)
    before = models.ForeignKey(Version, null=True, on_delete=models.RESTRICT, related_name="+")
    # The store's own text that the release took away, for the way back.
    own_text = models.JSONField(null=True, blank=True)
    own_text_of = models.ForeignKey(Version, null=True, on_delete=models.RESTRICT, related_name="+")

    grants = Grants(desk="SELECT, INSERT, UPDATE")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "store"], name="release_once_per_store")]
        indexes = [
            # What waits for a store's seller.
            models.Index(fields=["store"], name="release_asks_seller", condition=Q(outcome="asked")),
        ]
        verbose_name_plural = "delivered"

    @property
    def why(self) -> str:
        """The reason in words; empty for none."""
        return str(dict(self.Reason.choices).get(self.reason, self.reason))


class Publication(models.Model):
    """A store runs an item: the version, or instead of it the store's own text, which is the override."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="publications")
    version = models.ForeignKey(Version, on_delete=models.RESTRICT, related_name="publications")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField()
    release = models.ForeignKey(
        Release, null=True, on_delete=models.SET_NULL, related_name="+", help_text="What brought it here last."
    )
    override = models.JSONField(null=True, blank=True, help_text="The store's own text, whole.")
    override_of = models.ForeignKey(
        Version, null=True, on_delete=models.RESTRICT, related_name="+", help_text="What it was written over."
    )
    override_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    override_at = models.DateTimeField(null=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE, DELETE", store="SELECT", reader="SELECT")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "item"], name="published_once_per_store"),
            models.CheckConstraint(
                name="override_says_of_what",
                condition=Q(override__isnull=True, override_of__isnull=True)
                | Q(override__isnull=False, override_of__isnull=False),
            ),
        ]
        indexes = [
            # Drift: the stores of an item by what they run.
            models.Index(fields=["item", "version"], name="publication_of_item"),
        ]

    @property
    def mark(self) -> str:
        """Says what a reader saw: another one stands here after every change."""
        return f"{self.version_id}-{self.override_at.timestamp() if self.override_at else 0}"


class Use(models.Model):
    """An item was used on a ticket: a reply inserted, an article quoted. Ids and a time; insert only."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ticket_number = models.BigIntegerField()
    at = models.DateTimeField()

    grants = Grants(desk="SELECT", store="SELECT, INSERT")

    class Meta:
        indexes = [
            # How often an item was used of late, and by whom.
            models.Index(fields=["item", "-at"], name="use_of_item"),
            # The composer's order: what was used in one store of late, and by whom, without a look at the rows.
            models.Index(fields=["store", "-at"], include=["item", "person"], name="use_in_store"),
        ]
