"""pg_trgm, for the search. In public, where every store's schema finds its operator class."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0003_send_in_order"),
    ]

    operations = [
        TrigramExtension(),
    ]
