from tickets.events.queries.running import Running, under_way

__all__ = ["Running", "under_way"]
