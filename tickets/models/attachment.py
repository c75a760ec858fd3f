"""A file in a message. The bytes lie under a random name in the store's own folder and leave only through the gate."""

import uuid

from django.core.files.storage import storages
from django.db import models

from tenants.models.scoped import StoreRow
from tickets.models.message import Message


def private_storage():  # type: ignore[no-untyped-def]  # a callable, so that migrations do not freeze a path
    return storages["default"]


# What a browser may show in place. An archive from elsewhere can bring any type, and SVG is a program.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class Attachment(StoreRow):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100, help_text="Read off the content, never taken from the sender.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    file = models.FileField(storage=private_storage, max_length=200)

    class Meta:
        """Its own, so that the base manager that StoreRow names asks for no migration."""

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.is_shown(self.content_type)

    @staticmethod
    def is_shown(content_type: str) -> bool:
        """Whether a browser may show what has this type in place."""
        return content_type in SHOWN
