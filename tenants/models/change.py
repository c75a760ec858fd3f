"""Who changed what in an agency's admin, from what to what. Written by every verb of it, and never again after."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.agency import Agency
from tenants.models.grants import Grants
from tenants.models.people import User
from tenants.models.store import Store


class Change(models.Model):
    """One verb's work on one object. `before` and `after` are {field: value}, JSON-able, of the fields that differ;
    `before` is empty where the object was made, `after` where it is gone. What a buyer wrote has no place here.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    # Named where the change is about one store's own object: it then leaves with the store.
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    what = models.CharField(max_length=100, help_text="The model's label in small letters: tenants.team.")
    object_id = models.BigIntegerField()
    title = models.CharField(max_length=200, help_text="What the object was called, for when it is gone.")
    # One of Kind, or an app's own word for what happened: signed_off, published, rolled_back.
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=80, help_text="What the actor was called, for when they are gone.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT", operator="SELECT, INSERT, UPDATE (actor_id), DELETE")

    class Meta:
        indexes = [
            # queries.changes.changes_of: the history of one object.
            models.Index(fields=["agency", "what", "object_id", "-id"], name="change_of_object"),
            # queries.changes.latest_changes: what happened lately in the agency.
            models.Index(fields=["agency", "-id"], name="change_by_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.object_id}"
