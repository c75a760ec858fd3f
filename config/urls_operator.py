"""What the operator's host answers."""

from django.urls import path

from tenants import views
from tenants.urls import everywhere

urlpatterns = [
    path("", views.fleet, name="fleet"),
    path("stores/<slug:slug>/suspend/", views.suspend, name="store_suspend"),
    path("stores/<slug:slug>/resume/", views.resume, name="store_resume"),
    *everywhere,
]

handler400 = "config.errors.malformed"
handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
