"""What a store's host answers."""

from django.urls import include, path

from knowledge.library.urls import at_store as library_at_store
from knowledge.library.urls import everywhere as library
from reports.api.urls import api as reports_api
from tenants.urls import everywhere
from tickets.api.urls import api

urlpatterns = [
    path("", include("tickets.urls")),
    path("chat/", include("tickets.chat.urls")),
    path("help/", include("tickets.help.urls")),
    path("scores/", include("tickets.score.urls")),
    path("events/", include("tickets.events.urls")),
    path("numbers/", include("reports.urls")),
    path("api/", include([*api, *reports_api])),
    path("sops/", include("knowledge.seller.urls")),
    *library,
    *library_at_store,
    *everywhere,
]

handler400 = "config.errors.malformed"
handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
