"""The pages of live events in the agency's admin."""

from tickets.events.admin import pages

__all__ = ["pages"]
