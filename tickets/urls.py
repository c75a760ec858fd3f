"""The desk's addresses, the same on an agency's host and on a store's."""

from django.urls import include, path

from tickets import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("desk/queue/", views.queue, name="queue"),
    path("desk/presence/", views.presence, name="presence"),
    path("desk/order/", views.order, name="order"),
    path("desk/<slug:store>/", include("tickets.replies.urls")),
    path("desk/<slug:store>/<int:number>/", views.ticket, name="ticket"),
    path("desk/<slug:store>/<int:number>/why/", views.why_here, name="why_here"),
    path("desk/<slug:store>/<int:number>/messages/", views.messages, name="messages"),
    path("desk/<slug:store>/<int:number>/messages/<int:message_id>/resend/", views.resend, name="resend"),
    path("desk/<slug:store>/<int:number>/reply/", views.reply, name="reply"),
    path("desk/<slug:store>/<int:number>/note/", views.note, name="note"),
    path("desk/<slug:store>/<int:number>/assign/", views.assign, name="assign"),
    path("desk/<slug:store>/<int:number>/category/", views.categorise, name="categorise"),
    path("desk/<slug:store>/<int:number>/mood/", views.say_mood, name="say_mood"),
    path("desk/<slug:store>/<int:number>/transfer/", views.transfer, name="transfer"),
    path("desk/<slug:store>/<int:number>/transfer/form/", views.transfer_form, name="transfer_form"),
    path("desk/<slug:store>/<int:number>/close/", views.close, name="close"),
    path("desk/<slug:store>/<int:number>/snooze/", views.snooze, name="snooze"),
    path("desk/<slug:store>/<int:number>/reopen/", views.reopen, name="reopen"),
    path("desk/<slug:store>/", include("tickets.sops.urls")),
    path("desk/<slug:store>/", include("tickets.library.urls")),
    path("files/<slug:store>/<uuid:attachment_id>/", views.attachment, name="attachment"),
    path("settings/", include("tickets.settings.urls")),
]
