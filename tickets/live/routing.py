from django.urls import path

from tickets.live.consumers import DeskConsumer

socket_urls = [path("ws/desk/", DeskConsumer.as_asgi())]
