"""A file of articles that somebody uploaded: kept from the look at what it would do until that is done, or let be."""

import uuid

from django.conf import settings
from django.db import models

from tenants.models import Agency
from tenants.models.grants import Grants


class ArticleUpload(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    file = models.FileField(max_length=200)
    uploaded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True, help_text="What was done, a line an article, once it was.")

    grants = Grants(desk="SELECT, INSERT, UPDATE (done_at, result), DELETE")

    class Meta:
        indexes = [
            # actions.keep_upload: what somebody has left lying.
            models.Index(fields=["person", "uploaded_at"], name="article_upload_of_person"),
        ]

    def __str__(self) -> str:
        return self.name
