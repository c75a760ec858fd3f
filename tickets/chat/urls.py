"""The buyers' addresses, on a store's host only."""

from django.urls import path

from tickets.chat import views

urlpatterns = [
    path("", views.frame, name="chat_frame"),
    path("try/", views.try_it, name="chat_try"),
    path("frames/", views.frames, name="chat_frames"),
    path("files/<uuid:file_id>/", views.file, name="chat_file"),
]
