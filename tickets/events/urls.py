"""A store's live events for its seller, under /events/ on the store's own host."""

from django.urls import path

from tickets.events import views

urlpatterns = [path("", views.seller_events, name="seller_events")]
