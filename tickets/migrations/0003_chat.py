"""The chat widget: its settings, visitors, and what a chat has beyond its ticket."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0002_index_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChatWidget",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("key", models.CharField(help_text="Public: names the widget in the shop's page.", max_length=40)),
                ("is_on", models.BooleanField(default=True)),
                (
                    "sites",
                    models.JSONField(
                        default=list, help_text="Origins of pages that may embed it: https://shop.example"
                    ),
                ),
                ("color", models.CharField(default="#1c57a5", max_length=7)),
                (
                    "position",
                    models.CharField(choices=[("right", "right"), ("left", "left")], default="right", max_length=5),
                ),
                ("greeting_zh", models.CharField(blank=True, max_length=300)),
                ("greeting_en", models.CharField(blank=True, max_length=300)),
                (
                    "fields",
                    models.JSONField(
                        default=list, help_text='The form before a chat: [{"name": "email", "required": true}]'
                    ),
                ),
                (
                    "consent_zh",
                    models.CharField(
                        blank=True, help_text="What the buyer agrees to; empty: not asked.", max_length=500
                    ),
                ),
                ("consent_en", models.CharField(blank=True, max_length=500)),
                (
                    "shows_typing",
                    models.BooleanField(default=False, help_text="Agents see what the buyer types before it is sent."),
                ),
                ("sound", models.BooleanField(default=True)),
                ("identity_secret", models.CharField(help_text="Signs who is signed in at the shop.", max_length=64)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="card",
            field=models.JSONField(help_text="An offer, a product, an order, or the choice of an offer.", null=True),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ticket.opened", "Opened"),
                    ("ticket.reopened", "Reopened"),
                    ("ticket.closed", "Closed"),
                    ("ticket.assigned", "Assigned"),
                    ("message.received", "Received"),
                    ("message.acknowledged", "Acknowledged"),
                    ("message.replied", "Replied"),
                    ("message.noted", "Noted"),
                    ("message.delivery", "Delivery"),
                    ("clock.breached", "Breached"),
                    ("chat.taken_back", "Taken Back"),
                    ("chat.rated", "Rated"),
                    ("chat.introduced", "Introduced"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="Chat",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="chat",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, help_text="What the buyer's browser calls it.", unique=True),
                ),
                (
                    "buyer_has",
                    models.PositiveBigIntegerField(
                        default=0, help_text="The last seq that reached the buyer's browser."
                    ),
                ),
                (
                    "buyer_read",
                    models.PositiveBigIntegerField(default=0, help_text="The last seq that the buyer has looked at."),
                ),
                (
                    "desk_has",
                    models.PositiveBigIntegerField(default=0, help_text="The last seq that reached an agent's desk."),
                ),
                (
                    "desk_read",
                    models.PositiveBigIntegerField(default=0, help_text="The last seq that an agent has looked at."),
                ),
                (
                    "draft",
                    models.CharField(
                        blank=True, help_text="What the buyer is typing, where agents may see it.", max_length=500
                    ),
                ),
                ("draft_at", models.DateTimeField(null=True)),
                ("score", models.PositiveSmallIntegerField(help_text="1 to 5, by the buyer.", null=True)),
                ("comment", models.CharField(blank=True, max_length=1000)),
                ("rated_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("score__isnull", True), models.Q(("score__gte", 1), ("score__lte", 5)), _connector="OR"
                        ),
                        name="chat_score_is_1_to_5",
                        violation_error_message="A rating is from 1 to 5.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Visitor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "secret_hash",
                    models.CharField(help_text="SHA-256 of the secret, hexadecimal.", max_length=64, unique=True),
                ),
                (
                    "is_identified",
                    models.BooleanField(default=False, help_text="The shop has vouched for who this is."),
                ),
                (
                    "introduced_at",
                    models.DateTimeField(help_text="When the form was filled in and consent given.", null=True),
                ),
                ("answers", models.JSONField(default=dict, help_text="What the form asked beyond name and e-mail.")),
                ("page", models.CharField(blank=True, help_text="Where they chat from.", max_length=500)),
                ("expires_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="visitors", to="tickets.customer"
                    ),
                ),
            ],
        ),
    ]
