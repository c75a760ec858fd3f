"""A timer is a column: when the clock looks at an open ticket next, and what it has told of it already."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('desk', '0010_due_why'),
        ('tenants', '0006_names_of_people_and_stores'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='queueentry',
            name='queue_due',
        ),
        migrations.AddField(
            model_name='queueentry',
            name='next_at',
            field=models.DateTimeField(help_text='When to look at it; empty: nothing happens by itself.', null=True),
        ),
        migrations.AddField(
            model_name='queueentry',
            name='next_what',
            field=models.CharField(blank=True, default='', db_default='', help_text='Empty: not reckoned yet.', max_length=20),
        ),
        migrations.AddField(
            model_name='queueentry',
            name='snoozed_until',
            field=models.DateTimeField(help_text='Out of the queue until then, if that lies ahead.', null=True),
        ),
        migrations.AddField(
            model_name='queueentry',
            name='told',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), db_default=[], default=list, help_text='What happened in this silence.', size=None),
        ),
        migrations.AddIndex(
            model_name='queueentry',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='queue_next'),
        ),
        # Open tickets of before: the clock looks at each, and breaches of before are not told again.
        migrations.RunSQL(
            "UPDATE desk_queueentry SET next_at = now(),"
            " told = CASE WHEN breached_at IS NULL THEN '{}' ELSE '{breach}' END::varchar(20)[]",
            migrations.RunSQL.noop,
        ),
    ]
