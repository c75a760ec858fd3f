"""Quick replies: their list with folders, the editor, many at once, tables, and where each was sent."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from knowledge.admin.replies.about import ReplyHistoryPage, ReplyUsesPage
from knowledge.admin.replies.edit import ReplyNewPage, ReplyPage
from knowledge.admin.replies.listed import ReplyListPage
from knowledge.admin.replies.move import ReplyMovePage
from knowledge.admin.replies.tables import ReplyExportPage, ReplyImportPage
from knowledge.queries.reply_list import ReplyFilters, reply_list
from tenants.access import Action, Caller
from tenants.admin_site.entries import Found, NavEntry, Section, add_nav, add_search
from tenants.clock import database_now

for page in (
    ReplyListPage,
    ReplyNewPage,
    ReplyMovePage,
    ReplyImportPage,
    ReplyExportPage,
    ReplyPage,
    ReplyUsesPage,
    ReplyHistoryPage,
):
    page.register()


def search_replies(words: str, caller: Caller) -> list[Found]:
    rows = reply_list(caller, ReplyFilters(words=words), now=database_now()).rows[:10]
    return [
        Found(row.title_zh or row.title_en, reverse("admin:reply", args=[row.pk]), _("quick reply")) for row in rows
    ]


add_nav(NavEntry(Section.WRITE, _("Quick replies"), "admin:replies", Action.READ_LIBRARY, icon="quickreply", order=30))
add_search(search_replies, Action.READ_LIBRARY)
