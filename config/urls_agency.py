"""What an agency's host answers."""

from django.urls import include, path

from config.admin import site
from knowledge.library.urls import at_agency as library_at_agency
from knowledge.library.urls import everywhere as library
from reports.api.urls import api as reports_api
from tenants.urls import everywhere
from tickets.api.urls import api

urlpatterns = [
    path("", include("tickets.urls")),
    path("api/", include([*api, *reports_api])),
    *library,
    *library_at_agency,
    path("admin/", site.urls),
    *everywhere,
]

handler400 = "config.errors.malformed"
handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
