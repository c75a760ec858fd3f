"""Who answered the buyer last, for giving tickets. A column that may be empty: no row is touched."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0015_kuaishou_and_pinduoduo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="queueentry",
            name="last_agent",
            field=models.ForeignKey(
                db_index=False,
                help_text="Who answered the buyer last, in a ticket before this one.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
