"""The tickets' pages in the agency's admin."""

from tickets.admin import missed
from tickets.admin.adherence import SopAdherencePage

__all__ = ["missed"]

SopAdherencePage.register()
