"""Trigram indexes for the search. gin_trgm_ops comes from public, where desk 0004 has put it."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0001_initial"),
        ("desk", "0004_trigrams"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=GinIndex(
                fields=["name", "external_id", "email"],
                name="customer_words",
                opclasses=["gin_trgm_ops", "gin_trgm_ops", "gin_trgm_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=GinIndex(fields=["body"], name="message_words", opclasses=["gin_trgm_ops"]),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=GinIndex(
                condition=models.Q(("subject", ""), _negated=True),
                fields=["subject"],
                name="ticket_words",
                opclasses=["gin_trgm_ops"],
            ),
        ),
    ]
