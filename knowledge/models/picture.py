"""A picture of the library: in articles as ![words](picture:<id>), in quick replies by its id."""

import uuid

from django.conf import settings
from django.db import models

from tenants.models import Agency
from tenants.models.grants import Grants


class Picture(models.Model):
    """Drawn anew when it came in, so that it is a picture and nothing else. Never changed; its bytes lie in the folder
    of its agency, under its id, and beside them the small one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=20, help_text="image/jpeg, image/png or image/webp.")
    bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField(help_text="Pixels.")
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of its bytes, in hexadecimal: the same is kept once.")
    file = models.FileField(max_length=200)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField()

    grants = Grants(desk="SELECT, INSERT", store="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "digest"], name="picture_kept_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def small_path(self) -> str:
        """Where in the storage the small one lies."""
        folder, _slash, name = str(self.file.name).rpartition("/")
        return f"{folder}/small/{name}"
