"""Which rule says until when a buyer is to be answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0009_sop_count_of_item")]

    operations = [
        migrations.AddField(
            model_name="queueentry",
            name="due_why",
            field=models.CharField(
                blank=True, default="", db_default="", help_text="goal:KEY:SECONDS or policy:…", max_length=80
            ),
        ),
        migrations.AddConstraint(
            model_name="queueentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_why", ""), ("due_why__regex", "^(goal|policy):[a-z0-9_-]+:[0-9]+$"), _connector="OR"
                ),
                name="queue_why_is_a_key",
            ),
        ),
    ]
