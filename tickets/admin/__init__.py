"""The tickets' pages in the agency's admin."""

from tickets.admin import missed, roster, triage
from tickets.admin.adherence import SopAdherencePage
from tickets.routing import admin as routing
from tickets.timers import admin as timers

__all__ = ["missed", "roster", "routing", "timers", "triage"]

SopAdherencePage.register()
