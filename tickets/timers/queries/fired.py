"""What came due and is not done yet."""

from __future__ import annotations

from tenants.models import Store
from tickets.timers.models import DONE_BY_TICKING, Fired


def stores_with_fired() -> list[int]:
    """Open stores in which something waits to be done. One query over what is otherwise an empty table."""
    waiting = Fired.objects.filter(store__state=Store.State.OPEN, tries__lt=DONE_BY_TICKING)
    return list(waiting.values_list("store_id", flat=True).distinct().order_by("store_id"))
