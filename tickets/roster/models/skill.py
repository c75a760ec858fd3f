"""What a person can do, and how much of it at once."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Agency
from tenants.models.grants import Grants
from tickets.channels import Channel


class Skill(models.Model):
    """One thing that a person can: a language, a category of matters, a marketplace. No row of a kind: nothing said."""

    class Kind(models.TextChoices):
        LANGUAGE = "language", _("language")
        CATEGORY = "category", _("category")
        MARKETPLACE = "marketplace", _("marketplace")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(max_length=20)

    grants = Grants(desk="SELECT, INSERT, DELETE", store="SELECT", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "person", "kind", "value"], name="skill_said_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class Capacity(models.Model):
    """How many conversations of a channel a person has at once at most. No row: as the agency's plan says."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=20, choices=Channel)
    most = models.PositiveSmallIntegerField()

    grants = Grants(desk="SELECT, INSERT, DELETE", store="SELECT", whole_agency=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "person", "channel"], name="capacity_said_once")]
        verbose_name_plural = "capacities"

    def __str__(self) -> str:
        return f"{self.channel} {self.most}"
