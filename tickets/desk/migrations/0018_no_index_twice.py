from django.db import migrations, models

# (model, field, index): what begins another index of the table, and is written with each message for nobody.
TWICE = [
    ("arrivals", "store", "desk_arrivals_store_id_cc2dc807"),
    ("delivery", "store", "desk_delivery_store_id_080d1eea"),
    ("outbox", "store", "desk_outbox_store_id_77416340"),
    ("queueentry", "store", "desk_queueentry_store_id_a8b060f2"),
]


class Migration(migrations.Migration):
    """Only the index goes: Django's own way takes the foreign key along and checks every row anew.

    One after the other and beside those who write, for every message of every store goes through these tables.
    """

    atomic = False

    dependencies = [
        ("desk", "0017_moods_anew"),
        ("tenants", "0007_kuaishou_and_pinduoduo"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON desk_{model} ({field}_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model,
                    field,
                    models.ForeignKey("tenants.store", db_index=False, on_delete=models.CASCADE, related_name="+"),
                )
            ],
        )
        for model, field, index in TWICE
    ]
