"""A message must not overtake an earlier one of its ticket: the outbox learns the ticket's number."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("desk", "0002_initial")]

    operations = [
        migrations.AddField(
            model_name="outbox", name="ticket_number", field=models.BigIntegerField(default=0), preserve_default=False
        ),
        migrations.AlterField(
            model_name="outbox",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0, help_text="Tries that were begun."),
        ),
        # Rows from before are each a ticket of their own, and wait for nobody.
        migrations.RunSQL("UPDATE desk_outbox SET ticket_number = -message_id", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                fields=["store", "ticket_number", "message_id"],
                name="outbox_in_order",
                condition=Q(next_try_at__isnull=False),
            ),
        ),
    ]
