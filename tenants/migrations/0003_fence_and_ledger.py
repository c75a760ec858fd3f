"""Each agency has a role of the database that reads across its stores; the fleet keeps a ledger of its schemas."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models.agency


def name_roles(apps, schema_editor):
    agencies = apps.get_model("tenants", "Agency").objects.using(schema_editor.connection.alias)
    for agency in agencies.filter(database_role=None):
        agency.database_role = tenants.models.agency.new_role_name()
        agency.save(update_fields=["database_role"])


def begin_again(apps, schema_editor):
    """A schema is made with its tables in one transaction now: an opening that stopped between begins anew."""
    stores = apps.get_model("tenants", "Store").objects.using(schema_editor.connection.alias)
    stores.filter(state="schema_made").update(state="requested")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_cache")]

    operations = [
        migrations.AlterModelOptions(name="user", options={"base_manager_name": "people"}),
        migrations.AlterModelManagers(
            name="user",
            managers=[("objects", models.Manager()), ("people", models.Manager())],
        ),
        migrations.AddField(
            model_name="agency",
            name="database_role",
            field=models.CharField(editable=False, max_length=40, null=True),
        ),
        migrations.RunPython(name_roles, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="agency",
            name="database_role",
            field=models.CharField(
                default=tenants.models.agency.new_role_name, editable=False, max_length=40, unique=True
            ),
        ),
        migrations.RunPython(begin_again, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="store",
            name="state",
            field=models.CharField(
                choices=[
                    ("requested", "requested"),
                    ("tables_made", "tables made"),
                    ("open", "open"),
                    ("failed", "failed"),
                    ("suspended", "suspended"),
                    ("archived", "archived"),
                    ("moving_in", "being imported"),
                ],
                default="requested",
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="SchemaRecord",
            fields=[
                (
                    "store",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="schema_record",
                        serialize=False,
                        to="tenants.store",
                    ),
                ),
                (
                    "at",
                    models.CharField(
                        help_text="The last migration of each app in it: tickets.0002_index_words.", max_length=200
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "failure",
                    models.TextField(blank=True, help_text="What stopped the latest migration of this schema."),
                ),
                ("failed_at", models.DateTimeField(null=True)),
            ],
            options={"indexes": [models.Index(fields=["at"], name="schema_record_at")]},
        ),
    ]
