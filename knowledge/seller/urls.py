"""SOPs for the seller, under /sops/ on the store's own host."""

from django.urls import path

from knowledge.seller import views

urlpatterns = [
    path("", views.sop_inbox, name="sop_inbox"),
    path("<int:item>/", views.sop_of_store, name="sop_of_store"),
    path("asked/<int:version>/", views.sop_answer, name="sop_answer"),
]
