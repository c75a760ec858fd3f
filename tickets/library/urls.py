"""Articles beside a conversation, under /desk/<store>/."""

from django.urls import path

from tickets.library import views

urlpatterns = [
    path("<int:number>/knowledge/", views.pane, name="knowledge_pane"),
    path("<int:number>/knowledge/<int:item>/", views.article, name="knowledge_article"),
    path("<int:number>/knowledge/<int:item>/correct/", views.correct, name="knowledge_correct"),
]
