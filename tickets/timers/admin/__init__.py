"""The pages about time in the agency's admin: warnings, and rules that wait and then act."""

from tickets.timers.admin.pages import RulePage, RulesPage

RulesPage.register()
RulePage.register()
RulePage.register_new()
