"""The addresses of quick replies beside a conversation, under /desk/<store>/."""

from django.urls import path

from tickets.replies import views

urlpatterns = [
    path("replies/", views.replies, name="replies"),
    path("replies/keep/", views.keep, name="reply_keep"),
    path("<int:number>/replies/draft/", views.draft, name="reply_draft"),
    path("<int:number>/replies/<int:item>/", views.filled, name="reply_filled"),
]
