"""Which apps have pages in the agency's admin. They register when they are imported; nothing is discovered."""

from knowledge import admin as knowledge_admin
from reports import admin as reports_admin
from tenants import admin as tenants_admin
from tenants.admin_site.site import site
from tickets import admin as tickets_admin
from tickets.certification import admin as certification_admin
from tickets.events import admin as events_admin
from tickets.policies import admin as policies_admin
from tickets.score import admin as score_admin

ROOMS = (
    tenants_admin,
    knowledge_admin,
    tickets_admin,
    events_admin,
    policies_admin,
    score_admin,
    certification_admin,
    reports_admin,
)

__all__ = ["ROOMS", "site"]
