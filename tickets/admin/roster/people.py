"""Skills and capacities: everybody's in a list, one person's as a form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.categories import Category
from tenants.access import Action
from tenants.admin_site.entries import NavEntry, Section, add_nav
from tenants.admin_site.pages import AdminPage
from tenants.errors import DomainError
from tenants.models import Store
from tickets.admin.roster.asked import the_number
from tickets.channels import Channel
from tickets.roster.actions.skills import MOST, set_skills
from tickets.roster.languages import Language
from tickets.roster.models import Skill
from tickets.roster.queries.skills import PersonSkills, member_line, skill_lines

Kind = Skill.Kind
CHOICES: dict[str, Any] = {
    Kind.LANGUAGE: Language,
    Kind.CATEGORY: Category,
    Kind.MARKETPLACE: Store.Marketplace,
}


class SkillsPage(AdminPage):
    route = "skills/"
    name = "skills"
    title = gettext_lazy("Skills and capacity")
    template = "tickets/roster/skills.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        lines = [
            {
                "line": line,
                "kinds": [_labels(kind, values) for kind, values in _sets(line.said).items()],
                "capacity": [(Channel(channel).label, most) for channel, most in sorted(line.said.capacity.items())],
            }
            for line in skill_lines(self.author(self.action).agency_id)
        ]
        return {"lines": lines}


class PersonSkillsPage(AdminPage):
    route = "skills/<int:member>/"
    name = "person_skills"
    title = gettext_lazy("Skills and capacity")
    template = "tickets/roster/person.html"
    action = Action.ROSTER

    def context(self, **kwargs: Any) -> dict[str, Any]:
        _member, line = member_line(self.author(self.action).agency_id, kwargs["member"])
        return self._page(kwargs["member"], line.name, _sets(line.said), _numbers(line.said.capacity), None)

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        author = self.author(self.action)
        row, line = member_line(author.agency_id, member)
        chosen = {kind: set(request.POST.getlist(kind)) for kind in CHOICES}
        typed = {channel: request.POST.get(f"most.{channel}", "").strip() for channel in Channel.values}
        try:
            capacity = {name: the_number(text, f"most.{name}") for name, text in typed.items() if text}
            set_skills(row, skills=chosen, capacity=capacity, by=author.person, now=author.now)
        except DomainError as refused:
            return self.draw(self._page(member, line.name, chosen, typed, refused), status=refused.status)
        messages.success(request, _("Saved."))
        return redirect("admin:skills")

    def _page(
        self, member: int, name: str, chosen: Any, typed: dict[str, str], refused: DomainError | None
    ) -> dict[str, Any]:
        return {
            "member": member,
            "title": name,
            "crumbs": [{"title": SkillsPage.title, "link": ".."}],
            "kinds": [
                (kind, Kind(kind).label, [(value, label, value in chosen[kind]) for value, label in words.choices])
                for kind, words in CHOICES.items()
            ],
            "channels": [
                (f"most.{channel}", label, typed.get(channel, ""), bool(refused and refused.field == f"most.{channel}"))
                for channel, label in Channel.choices
            ],
            "most": MOST,
            "refused": refused,
        }


def _sets(said: PersonSkills) -> dict[str, frozenset[str]]:
    return {Kind.LANGUAGE: said.languages, Kind.CATEGORY: said.categories, Kind.MARKETPLACE: said.marketplaces}


def _labels(kind: str, values: frozenset[str]) -> list[str]:
    return [str(label) for value, label in CHOICES[kind].choices if value in values]


def _numbers(capacity: Any) -> dict[str, str]:
    return {channel: str(most) for channel, most in capacity.items()}


for page in (SkillsPage, PersonSkillsPage):
    page.register()
add_nav(NavEntry(Section.PEOPLE, SkillsPage.title, "admin:skills", Action.ROSTER, icon="psychology", order=6))
