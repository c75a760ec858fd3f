"""Publish, second half: what would become of it in each store; then it is done, and its result shown."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.actions.publish import publish
from knowledge.admin.publish.choose import stores_to_choose
from knowledge.admin.publish.plan import Plan, ids_in, items_in, read_plan
from knowledge.queries.publishing import preview
from tenants.access import Action, stores_for
from tenants.admin_site.author import Author
from tenants.admin_site.pages import AdminPage
from tenants.admin_site.site import site
from tenants.errors import DomainError, NotFound


class CheckPage(AdminPage):
    """A POST without `sure` shows the preview, with it does the thing. Nothing is here to be got."""

    route = "publish/new/check/"
    name = "publish_check"
    title = gettext_lazy("Publish: check")
    template = "knowledge/admin/publish/check.html"
    action = Action.PUBLISH

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:publish")

    def post(self, request: HttpRequest) -> HttpResponse:
        author = self.author(Action.PUBLISH)
        try:
            plan = read_plan(author.caller, request.POST)
            if request.POST.get("sure") == "yes":
                return self._publish(author, plan)
            return self.draw(_shown(author, plan, request.POST))
        except NotFound:
            raise
        except DomainError as refused:
            return self._again(author, refused)

    def _publish(self, author: Author, plan: Plan) -> HttpResponse:
        with transaction.atomic():
            made = [
                publish(
                    wish.item,
                    wish.version,
                    wish.store_ids,
                    author=author.person,
                    now=author.now,
                    due_at=plan.due_at,
                    time_zone=plan.time_zone,
                    note=plan.note,
                    replace_overrides=plan.replaces,
                    seen=wish.seen,
                )
                for wish in sorted(plan.wishes, key=lambda wish: wish.item.pk)  # locked in one order
            ]
        if len(made) == 1:
            return redirect("admin:release", made[0].pk)
        messages.success(self.request, _("%(count)d releases were made.") % {"count": len(made)})
        return redirect("admin:releases")

    def _again(self, author: Author, refused: DomainError) -> HttpResponse:
        """The form as it was, with the reason."""
        typed = self.request.POST
        items = items_in(author.caller, typed)
        if not items:
            messages.error(self.request, str(refused))
            return redirect("admin:publish")
        chosen = set(ids_in(" ".join([*typed.getlist("store"), typed.get("stores", "")])))
        for item in items:
            chosen |= set(ids_in(typed.get(f"stores_{item.pk}", "")))
        context = {
            **site.each_context(self.request),
            "title": _("Publish"),
            **stores_to_choose(author, items, chosen, dict(typed.items())),
            "refused": refused,
        }
        return render(self.request, "knowledge/admin/publish/choose.html", context, status=refused.status)


def _shown(author: Author, plan: Plan, typed: Any) -> dict[str, Any]:
    allowed = {store.pk: store for store in stores_for(author.caller, Action.PUBLISH)}
    previews = [
        preview(wish.item, wish.version, wish.store_ids, allowed, replaces=plan.replaces) for wish in plan.wishes
    ]
    return {
        "plan": plan,
        "typed": typed,
        "previews": [
            {"of": one, "seen": json.dumps(one.seen), "stores": ",".join(map(str, one.store_ids))} for one in previews
        ],
        "changing": sum(one.changing for one in previews),
        "asked": sum(len(one.asked) for one in previews),
        "crumbs": [{"title": _("Publish"), "link": reverse("admin:publish")}],
    }
