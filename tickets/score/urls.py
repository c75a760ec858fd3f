"""A store's score for its seller, under /scores/ on the store's own host."""

from django.urls import path

from tickets.score import views

urlpatterns = [
    path("", views.seller_score, name="seller_score"),
    path("evidence/", views.seller_evidence, name="seller_evidence"),
]
