"""Which rule says until when a buyer is to be answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0009_sop_count_of_item")]

    operations = [
        migrations.AddField(
            model_name="queueentry",
            name="due_why",
            field=models.CharField(
                blank=True, db_default="", help_text="goal:KEY:SECONDS or policy:…", max_length=80
            ),
        ),
    ]
