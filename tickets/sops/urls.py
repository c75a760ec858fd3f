"""SOPs on a ticket, under /desk/<store>/, and the tickets behind a figure of their adherence."""

from django.urls import path

from tickets.sops import views

urlpatterns = [
    path("<int:number>/sop/", views.sop_pane, name="sop_pane"),
    path("<int:number>/sop/start/", views.sop_start, name="sop_start"),
    path("<int:number>/sop/do/", views.sop_do, name="sop_do"),
    path("<int:number>/sop/skip/", views.sop_skip, name="sop_skip"),
    path("<int:number>/sop/stop/", views.sop_stop, name="sop_stop"),
    path("sops/<int:item>/", views.sop_tickets, name="sop_tickets"),
]
