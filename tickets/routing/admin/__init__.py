"""The pages about giving tickets in the agency's admin."""

from tickets.routing.admin.pages import DryRunPage, RoutingPage, RulePage

RoutingPage.register()
RulePage.register()
RulePage.register_new()
DryRunPage.register()
