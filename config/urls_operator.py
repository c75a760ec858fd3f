"""What the operator's host answers."""

from django.urls import path

from tenants import views
from tenants.urls import everywhere

urlpatterns = [path("", views.fleet, name="fleet"), *everywhere]

handler404 = "config.errors.not_found"
