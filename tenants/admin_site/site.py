"""The one AdminSite: an agency's, at its host, for its people, with pages that apps register by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Final

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.sites import UnfoldAdminSite

from tenants.access import Action, Member, member_of
from tenants.admin_site.entries import find, nav_for, panels_for
from tenants.errors import NotFound
from tenants.middleware import DeskRequest

# Alpine, which Unfold's pages are made of, builds functions from attributes: it needs eval. No inline script does.
POLICY: Final = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF],
    "style-src-attr": [UNSAFE_INLINE],
}
# What the house does itself, or what would show more than an agency's own.
WITHOUT: Final = {"login", "logout", "password_change", "password_change_done", "view_on_site", "app_list"}
SHORTEST, LONGEST = 1, 80  # letters of a search


class AgencySite(UnfoldAdminSite):
    site_title = "Deskfleet 掌柜台"
    site_header = "Deskfleet"
    index_title = _("Today")
    enable_nav_sidebar = True
    final_catch_all_view = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[URLPattern] = []
        self.disable_action("delete_selected")

    # ------------------------------------------------------------ who comes in

    def has_permission(self, request: HttpRequest) -> bool:
        member = member_here(request)
        return member is not None and member.may(Action.ENTER_ADMIN)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """The house's sign-in for who is not signed in, 404 for who is no member; and the policy of these pages."""

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise NotFound
            response = view(request, *args, **kwargs)
            response._csp_update = POLICY
            return response

        guarded = inner if cacheable else never_cache(inner)
        if not getattr(view, "csrf_exempt", False):
            guarded = csrf_protect(guarded)
        return update_wrapper(guarded, view)

    # ------------------------------------------------------------ pages

    def add_page(self, route: str, view: Callable[..., Any], name: str) -> None:
        """A page of an app's own, `/admin/<route>`, as `admin:<name>`. Before the urls are asked for."""
        self._pages.append(path(route, self.admin_view(view), name=name))

    def get_urls(self) -> list[Any]:
        kept = [item for item in super().get_urls() if getattr(item, "name", None) not in WITHOUT]
        return [*self._pages, *kept]

    def address(self, model: type[Model], kind: str, *args: Any) -> str:
        """The address of one of a model's pages: changelist, add, change, delete, history."""
        return reverse(f"{self.name}:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing: the navigation is by task, and counting what each model allows would cost a query each."""
        return []

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The front page: the panels that apps put there, for those who may see them."""
        panels = [
            {"template": panel.template, **panel.context(request.caller)}  # type: ignore[attr-defined]
            for panel in panels_for(the_member(request))
        ]
        context = {**self.each_context(request), "title": self.index_title, "panels": panels, "is_front": True}
        return TemplateResponse(request, "admin/index.html", {**context, **(extra_context or {})})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What the palette shows under the words `s`."""
        words = " ".join(request.GET.get("s", "").replace("\x00", "").split())[:LONGEST]
        member, caller = the_member(request), request.caller  # type: ignore[attr-defined]
        results = find(words, caller, member) if len(words) >= SHORTEST else []
        return TemplateResponse(request, "admin/agency/found.html", {"results": results, "words": words})

    # ------------------------------------------------------------ what Unfold asks for

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, "place": request.place, "member": member_here(request)}  # type: ignore[attr-defined]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        caller = request.caller  # type: ignore[attr-defined]
        return [
            {
                "title": section.label,
                "items": [
                    {
                        "title": entry.title,
                        "icon": entry.icon,
                        "link": (link := reverse(entry.url_name)),
                        "active": self._get_is_active(request, link),
                        "has_permission": True,
                        "badge": (entry.badge(caller) or None) if entry.badge else None,
                    }
                    for entry in entries
                ],
            }
            for section, entries in nav_for(the_member(request))
        ]

    def _get_colors(self, key: str, *args: Any) -> dict[str, dict[str, str]]:
        """None: they stand in static/css/admin.css, and not in a style that every page would bear."""
        return {}


def member_here(request: HttpRequest) -> Member | None:
    """What the caller is to this agency. One query a request, however often it is asked."""
    if not hasattr(request, "_agency_member"):
        request._agency_member = member_of(request.caller)  # type: ignore[attr-defined]
    found: Member | None = request._agency_member  # type: ignore[attr-defined]
    return found


def the_member(request: HttpRequest | DeskRequest) -> Member:
    """The same where there must be one: inside `admin_view`. Raises NotFound."""
    member = member_here(request)
    if member is None:
        raise NotFound
    return member


site = AgencySite()
