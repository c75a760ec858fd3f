"""The tickets' pages in the agency's admin."""

from tickets.admin import missed, triage
from tickets.admin.adherence import SopAdherencePage

__all__ = ["missed", "triage"]

SopAdherencePage.register()
