"""Whose sums a group has, as one number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="group",
            name="ids_sum",
            field=models.BigIntegerField(
                default=0, help_text="Their ids, added up: whether it is these stores or others."
            ),
        ),
    ]
