"""A seller's numbers, on the host of their store."""

from django.urls import path

from reports import views

urlpatterns = [
    path("", views.numbers, name="numbers"),
    path("now/", views.now, name="numbers_now"),
    path("tickets/", views.tickets, name="numbers_tickets"),
    path("file/", views.file, name="numbers_file"),
]
