"""SOPs: their list, one of them, its editor, its versions and history."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from knowledge.admin.sops.edit import SopEditPage, SopNewPage
from knowledge.admin.sops.listed import SopListPage
from knowledge.admin.sops.one import SopHistoryPage, SopPage
from knowledge.admin.sops.version import SopVersionPage
from knowledge.queries.sops import SopFilters, sop_list
from tenants.access import Action, Caller
from tenants.admin_site.entries import Found, NavEntry, Section, add_nav, add_search

for page in (SopListPage, SopNewPage, SopPage, SopEditPage, SopVersionPage, SopHistoryPage):
    page.register()


def search_sops(words: str, caller: Caller) -> list[Found]:
    lines = sop_list(caller, SopFilters(words=words)).lines[:10]
    return [Found(line.title, reverse("admin:sop", args=[line.pk]), _("SOP")) for line in lines]


add_nav(NavEntry(Section.WRITE, _("SOPs"), "admin:sops", Action.READ_LIBRARY, icon="account_tree", order=10))
add_search(search_sops, Action.READ_LIBRARY)
