"""Publishing: what to which stores, what became of it, who runs what, and a store's own texts."""

from django.utils.translation import gettext_lazy as _

from knowledge.admin.publish.check import CheckPage
from knowledge.admin.publish.choose import ChoosePage
from knowledge.admin.publish.drift import DriftPage, ItemDriftPage, StoresDriftPage
from knowledge.admin.publish.override import OverridePage
from knowledge.admin.publish.releases import ReleasePage, ReleasesPage
from knowledge.admin.publish.store import StoreLibraryPage
from tenants.access import Action
from tenants.admin_site.entries import NavEntry, Section, add_nav

for page in (
    ChoosePage,
    CheckPage,
    ReleasesPage,
    ReleasePage,
    DriftPage,
    StoresDriftPage,
    ItemDriftPage,
    StoreLibraryPage,
    OverridePage,
):
    page.register()

add_nav(
    NavEntry(Section.PUBLISH, _("Publish"), "admin:publish", Action.PUBLISH, icon="publish", order=10),
    NavEntry(Section.PUBLISH, _("Drift"), "admin:drift", Action.PUBLISH, icon="difference", order=20),
    NavEntry(Section.PUBLISH, _("Releases"), "admin:releases", Action.PUBLISH, icon="history", order=30),
)
