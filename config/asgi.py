"""HTTP to Django, sockets to the consumers behind the origin check."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

# Models may only be imported once Django is set up.
from tenants.sockets import PlaceSocketMiddleware  # noqa: E402
from tickets.live.routing import socket_urls  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": PlaceSocketMiddleware(URLRouter(socket_urls))})
