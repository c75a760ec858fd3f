from django.urls import path

from tickets.chat.consumers import BuyerConsumer
from tickets.live.consumers import DeskConsumer

socket_urls = [path("ws/desk/", DeskConsumer.as_asgi()), path("ws/chat/", BuyerConsumer.as_asgi())]
