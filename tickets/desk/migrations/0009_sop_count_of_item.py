"""A count of an SOP is of an agency's item: it stays with the agency when a store moves elsewhere."""

import django.db.models.deletion
from django.db import migrations, models

WHAT = [
    ("started", "Started"),
    ("finished", "Finished"),
    ("stopped", "Stopped"),
    ("done", "Done"),
    ("skipped", "Skipped"),
    ("decided", "Decided"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0008_sop_count"),
        ("knowledge", "0002_rough_sop"),
        ("tenants", "0005_teams_and_changes"),
    ]

    operations = [
        migrations.DeleteModel(name="SopCount"),
        migrations.CreateModel(
            name="SopCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("step", models.CharField(blank=True, max_length=40)),
                ("what", models.CharField(choices=WHAT, max_length=10)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="knowledge.item"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.store"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "store", "version", "step", "what"), name="sop_counted_once"
                    )
                ],
            },
        ),
    ]
