"""The store's help centre: for everybody, at the store's host."""

from django.urls import path

from tickets.help import views

urlpatterns = [
    path("", views.centre, name="help_centre"),
    path("<int:item>/", views.article, name="help_article"),
]
