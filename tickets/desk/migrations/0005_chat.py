"""Who is at a desk and takes chats; indexes for chats that ring and chats that somebody has."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0004_trigrams"),
        ("tenants", "0004_deletion_certificate"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(choices=[("online", "online"), ("away", "away")], default="online", max_length=10),
                ),
                ("back_at", models.DateTimeField(help_text="When somebody who is away means to be back.", null=True)),
                ("seen_at", models.DateTimeField(help_text="When one of their desks was last connected.")),
                (
                    "taken_back",
                    models.PositiveIntegerField(default=0, help_text="Chats that went to colleagues, not yet told."),
                ),
            ],
            options={
                "verbose_name_plural": "presences",
            },
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("assignee__isnull", True), ("channel", "widget"), ("waiting_since__isnull", False)),
                fields=["waiting_since"],
                name="queue_chats_ringing",
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("assignee__isnull", False), ("channel", "widget")),
                fields=["assignee"],
                name="queue_chats_held",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="agency",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.agency"),
        ),
        migrations.AddField(
            model_name="presence",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("person", "agency"), name="presence_once_per_agency"),
        ),
    ]
