"""HTTP to Django, sockets to the consumers behind the origin check."""

import gc
import os
import sys
import warnings

from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Files are read in the request's thread, ten megabytes at most: that they are no asynchronous iterators is known.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
get_asgi_application()

# Models may only be imported once Django is set up.
from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from config.bodies import Measured  # noqa: E402
from tenants.live import check_layer  # noqa: E402
from tenants.sockets import PlaceSocketMiddleware  # noqa: E402
from tickets.live.routing import socket_urls  # noqa: E402


class SyncHandler(ASGIHandler):
    """Every view and middleware of ours is synchronous: a request goes into its thread once, and comes out once.

    Django's own handler returns to the event loop between the middleware and the view, which cost an eighth of the
    server's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


application = ProtocolTypeRouter(
    {"http": Measured(SyncHandler()), "websocket": PlaceSocketMiddleware(URLRouter(socket_urls))}
)

check_layer()

# Every page's modules come in now, and not while somebody waits for the first one.
for pages in settings.URLCONF_OF_PLACE.values():
    get_resolver(pages).url_patterns  # noqa: B018

# What was made at the start lives as long as the process: the collector need not look at it again and again, and
# need not look after every 700 objects of a request that makes thousands and drops them all.
# Sockets' queries run in threads beside the event loop: with Python's 5 ms a turn, a frame waits for several of them.
sys.setswitchinterval(0.0005)
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
