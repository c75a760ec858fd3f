"""The tickets' pages in the agency's admin."""

from tickets.admin import missed, roster
from tickets.admin.adherence import SopAdherencePage

__all__ = ["missed", "roster"]

SopAdherencePage.register()
