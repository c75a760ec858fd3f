from django.db import migrations, models

# (model, field, what it points to, how it is called there, on delete, index): see desk.0018. In the order in which verbs
# come to these tables, so that none waits for this while this waits for it.
TWICE = [
    ("ticket", "customer", "customer", "tickets", models.PROTECT, "tickets_ticket_customer_id_f2d9135a"),
    ("message", "ticket", "ticket", "messages", models.CASCADE, "tickets_message_ticket_id_a1134910"),
    ("event", "ticket", "ticket", "events", models.CASCADE, "tickets_event_ticket_id_c2d3d586"),
    ("sopstepdone", "run", "soprun", "steps", models.PROTECT, "tickets_sopstepdone_run_id_9efbe050"),
]


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_kuaishou_and_pinduoduo")]

    operations = [
        # By nothing that changes with each word of a chat: the row's other indexes then need no entry either.
        migrations.RemoveIndex("ticket", "ticket_unanswered"),
        migrations.AddIndex(
            "ticket",
            models.Index(
                fields=["-opened_at"],
                name="ticket_unanswered",
                condition=models.Q(first_response_at__isnull=True, closed_at__isnull=True),
            ),
        ),
        *[
            migrations.SeparateDatabaseAndState(
                database_operations=[
                    migrations.RunSQL(
                        f"DROP INDEX IF EXISTS {index}",
                        f"CREATE INDEX IF NOT EXISTS {index} ON tickets_{model} ({field}_id)",
                    )
                ],
                state_operations=[
                    migrations.AlterField(
                        model,
                        field,
                        models.ForeignKey(f"tickets.{to}", db_index=False, on_delete=on_delete, related_name=name),
                    )
                ],
            )
            for model, field, to, name, on_delete, index in TWICE
        ],
    ]
