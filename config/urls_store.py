"""What a store's host answers."""

from django.urls import include, path

from tenants.urls import everywhere
from tickets.api.urls import api

urlpatterns = [
    path("", include("tickets.urls")),
    path("chat/", include("tickets.chat.urls")),
    path("api/", include(api)),
    *everywhere,
]

handler400 = "config.errors.malformed"
handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
