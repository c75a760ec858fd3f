"""/api/: the same addresses on an agency's host and on a store's. The gate decides which stores they reach."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from tickets.api import views

TICKET = "v1/stores/<slug:store>/tickets/<int:number>/"

# Swagger's own page styles itself inline; it shows nothing that anybody wrote.
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))

api = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", docs, name="api_docs"),
    path("v1/stores/", views.Stores.as_view(), name="api_stores"),
    path("v1/queue/", views.QueueList.as_view(), name="api_queue"),
    path("v1/stores/<slug:store>/messages/", views.IncomingMessages.as_view(), name="api_receive"),
    path("v1/stores/<slug:store>/outgoing/", views.Outgoing.as_view(), name="api_outgoing"),
    path(
        "v1/stores/<slug:store>/messages/<int:message_id>/delivery/",
        views.DeliveryReport.as_view(),
        name="api_delivery",
    ),
    path("v1/stores/<slug:store>/attachments/<uuid:attachment_id>/", views.File.as_view(), name="api_attachment"),
    path("v1/stores/<slug:store>/tickets/", views.Tickets.as_view(), name="api_tickets"),
    path(TICKET, views.OneTicket.as_view(), name="api_ticket"),
    path(TICKET + "messages/", views.Messages.as_view(), name="api_messages"),
    path(TICKET + "reply/", views.Replies.as_view(), name="api_reply"),
    path(TICKET + "notes/", views.Notes.as_view(), name="api_note"),
    path(TICKET + "assign/", views.Assignee.as_view(), name="api_assign"),
    path(TICKET + "close/", views.Closing.as_view(), name="api_close"),
    path(TICKET + "snooze/", views.Snoozing.as_view(), name="api_snooze"),
    path(TICKET + "reopen/", views.Reopening.as_view(), name="api_reopen"),
]
