"""What is measured and promised: goals, policies and stores' hours, as in force today and as they will be."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from tenants.access import Action, stores_for
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tickets.policies.listing import rule_lines, store_lines


class PoliciesPage(AdminPage):
    route = "policies/"
    name = "policies"
    title = gettext_lazy("Policies and goals")
    template = "tickets/policies/list.html"
    action = Action.SET_POLICIES

    def context(self, **kwargs: Any) -> dict[str, Any]:
        author = self.author(self.action)
        goals, policies = rule_lines(author.agency_id, author.now)
        stores = store_lines(stores_for(author.caller, Action.SET_POLICIES), author.now)
        return {"goals": goals, "policies": policies, "stores": stores}


PoliciesPage.register()
add_nav(
    NavEntry(
        Section.NUMBERS,
        gettext_lazy("Policies and goals"),
        "admin:policies",
        Action.SET_POLICIES,
        icon="timer",
        order=60,
    )
)
