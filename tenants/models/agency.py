"""代运营: the company that answers for many stores."""

from django.db import models


class Agency(models.Model):  # type: ignore[django-manager-missing]  # stores and domains point here from later modules
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name
