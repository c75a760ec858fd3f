"""What an item said when it was made a version. Never changed, never deleted; and who put their name to it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from knowledge.models.item import Item
from tenants.models import Agency, Store
from tenants.models.grants import Grants


class Version(models.Model):
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(help_text="As knowledge.content spells it.")
    pictures = ArrayField(models.UUIDField(), default=list, help_text="Those that the content names.")
    note = models.CharField(max_length=300, blank=True, help_text="What is different, in its author's words.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT", store="SELECT", reader="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="version_numbered_once")]
        indexes = [
            # queries.pictures: which texts show a picture.
            GinIndex(fields=["pictures"], name="version_by_picture"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class SignOff(models.Model):
    """A lead's word on a version, or, where `store` is named, the seller's for their store. The latest one counts."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="signatures")
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True, help_text="Asked for where it was not accepted.")
    at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT", store="SELECT")

    class Meta:
        constraints = [
            models.CheckConstraint(name="refusal_says_why", condition=Q(accepted=True) | ~Q(reason="")),
        ]


class StoreLibrary(models.Model):
    """What a store asks of the library. No row: nothing."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="+")
    seller_signs = models.BooleanField(default=False, help_text="SOPs take effect here once the seller accepts them.")

    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT")

    class Meta:
        verbose_name_plural = "store libraries"
