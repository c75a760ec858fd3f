"""REST: the report, as its pages have it."""

from django.urls import path

from reports.api import views

api = [
    path("v1/reports/", views.Reports.as_view(), name="api_reports"),
    path("v1/reports/now/", views.Now.as_view(), name="api_reports_now"),
    path("v1/reports/tickets/", views.Tickets.as_view(), name="api_report_tickets"),
]
