"""Pictures of the library: shown where a text shows them, and added while one is written."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.actions.add_picture import MOST_BYTES, PictureRefused, add_picture
from knowledge.queries.pictures import is_public, picture_for
from tenants.access import is_at_home
from tenants.clock import database_now
from tenants.errors import DomainError, NotFound
from tenants.middleware import DeskRequest

_A_YEAR = 31_536_000  # its bytes never change


@require_GET
def picture(request: DeskRequest, picture: UUID) -> FileResponse:
    """A picture, or with `size=small` the small one. Whoever may not see it is told that there is none."""
    found = picture_for(request.caller, picture)
    storage = found.file.storage
    path = found.small_path if request.GET.get("size") == "small" else str(found.file.name)
    if not storage.exists(path):
        raise NotFound(field="picture")
    response = FileResponse(storage.open(path, "rb"), filename=found.name, content_type=found.mime)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # In caches that many share only as long as it takes a withdrawn article to be forgotten.
    shared = f"public, max-age={3600}" if is_public(request.caller, found) else f"private, max-age={_A_YEAR}, immutable"
    response["Cache-Control"] = shared
    return response


@login_required
@require_POST
def add(request: DeskRequest) -> JsonResponse:
    """A picture that was pasted, dropped or chosen in an editor: {id, url, name, markdown}. For every member."""
    if not is_at_home(request.user, request.place) or request.place.agency_id is None:
        raise NotFound
    file = request.FILES.get("picture")
    try:
        if file is None or file.name is None:
            raise PictureRefused(_("Choose a picture."), field="picture")
        if (file.size or 0) > MOST_BYTES:
            raise PictureRefused(_("%(name)s is larger than 10 MB.") % {"name": file.name[-120:]}, field="picture")
        made = add_picture(
            request.place.agency_id, name=file.name, content=file.read(), author=request.user, now=database_now()
        )
    except DomainError as error:
        return JsonResponse(error.body(), status=error.status)
    words = made.name.rpartition(".")[0].translate({ord(mark): " " for mark in "[]\\`*_<>"})
    return JsonResponse(
        {
            "id": str(made.pk),
            "url": reverse("picture", args=[made.pk]),
            "name": made.name,
            "markdown": f"![{words}](picture:{made.pk})",
        },
        status=201,
    )
