"""The peer: a bare Channels consumer that passes on what it hears. No database, and nothing is sealed in Redis."""

from __future__ import annotations

import json
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import channel_layers  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels_redis.pubsub import RedisPubSubChannelLayer  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

channel_layers.set("default", RedisPubSubChannelLayer(hosts=[{"address": settings.REDIS_URL}]))


class Echo(AsyncWebsocketConsumer):
    """`{"join": [rooms]}`, then `{"room", "text"}`: whoever has joined the room is sent `{"text"}`."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        frame = json.loads(text_data or "{}")
        if "join" in frame:
            for room in frame["join"]:
                await self.channel_layer.group_add(room, self.channel_name)
            await self.send(text_data='{"joined": true}')
        else:
            await self.channel_layer.group_send(frame["room"], {"type": "said", "text": frame["text"]})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"text": event["text"]}, ensure_ascii=False))


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/echo/", Echo.as_asgi())])})
