"""What was searched for in the library and not found. The words are buyers' and agents': they stay in the store."""

from django.db import models

from tenants.models.scoped import StoreRow


class MissedSearch(StoreRow):
    class State(models.TextChoices):
        OPEN = "open"
        IGNORED = "ignored"
        WRITTEN = "written"

    words = models.CharField(max_length=200)
    language = models.CharField(max_length=2, help_text="In which it was looked for: zh or en.")
    times = models.PositiveIntegerField(default=0)
    by_buyers = models.PositiveIntegerField(default=0, help_text="Of `times`, those in the help centre.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    item_id = models.BigIntegerField(null=True, help_text="The article that was begun from it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["words", "language"], name="missed_search_once")]
        indexes = [
            # queries.missed: what is open, latest first.
            models.Index(fields=["-last_at"], name="missed_search_open", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.words
