"""代运营: the company that answers for many stores."""

import secrets

from django.db import models

from tenants.models.grants import Grants


def new_role_name() -> str:
    """A name that says nothing and is never used twice."""
    return f"a_{secrets.token_hex(10)}"


class Agency(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The database's role that reads in the schemas of this agency's stores. Made with its first store.
    database_role = models.CharField(max_length=40, unique=True, editable=False, default=new_role_name)

    grants = Grants(door="SELECT (id, name, is_active)", desk="SELECT", store="SELECT")

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name
