"""The addresses under /settings/, the same on an agency's host and on a store's."""

from django.urls import path

from tickets.settings import views

urlpatterns = [
    path("chat/", views.chat_widgets, name="chat_widgets"),
    path("chat/<slug:store>/", views.chat_widget, name="chat_widget"),
    path("chat/<slug:store>/renew/", views.chat_widget_renew, name="chat_widget_renew"),
]
