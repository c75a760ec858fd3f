"""Moods that were judged before the history told of them are judged anew, by the job that reads what was not read yet."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("desk", "0016_last_agent")]

    operations = [
        migrations.RunSQL(
            "UPDATE desk_queueentry SET sentiment = 0, triaged_seq = 0 WHERE sentiment <> 0", migrations.RunSQL.noop
        )
    ]
