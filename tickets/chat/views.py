"""The buyers' pages and requests on a store's host: the widget's frame, frames over HTTP, and a chat's files.

Nobody signs in here and no cookie is read: a browser shows the secret that only it has. So there is nothing to forge.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from knowledge.categories import Category
from tenants.access import store_of
from tenants.bucket import Buckets, neighbourhood
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import DomainError, Forbidden, Invalid, NotFound, TooMuch
from tenants.middleware import DeskRequest
from tenants.sockets import is_own_origin
from tickets.actions.attach import thumbnail
from tickets.actions.visit import SecretExpired, check_talk
from tickets.chat import protocol
from tickets.chat.buyer import BuyerSide, TooFast, WrongKey
from tickets.chat.visitor import identity_of
from tickets.incoming import Upload, read_uploads
from tickets.models import ChatWidget
from tickets.queries.chat import Talk, buyers_file, talk_of, widget_of

MOST_FRAMES: Final = 10  # in one request
frames_of_address = Buckets(settings.CHAT_FRAMES_PER_ADDRESS, 4 * settings.CHAT_FRAMES_PER_ADDRESS)


@xframe_options_exempt
@require_GET
def frame(request: DeskRequest) -> HttpResponse:
    """The widget, in its frame. Only the store's sites may embed it; the browser holds them to that."""
    widget, name = _widget(request)
    if request.GET.get("key") != widget.key or not widget.is_on:
        raise WrongKey(field="key")
    language = "zh" if request.GET.get("lang", "").lower().startswith("zh") else "en"
    context = {"config": _config(widget, name), "language": language, "store_name": name}
    response = render(request, "tickets/chat/frame.html", context)
    response._csp_replace = {"frame-ancestors": ["'self'", *widget.sites]}  # type: ignore[attr-defined]
    return response


@require_GET
def try_it(request: DeskRequest) -> HttpResponse:
    """A page with the script tag in it, for looking at the widget before it is in the shop."""
    widget, name = _widget(request)
    context = {"key": widget.key, "store_name": name, "language": request.LANGUAGE_CODE[:2]}
    return render(request, "tickets/chat/try.html", context)


@csrf_exempt
@require_POST
def frames(request: DeskRequest) -> JsonResponse:
    """The protocol where sockets are blocked, and the way of files: frames in, frames out."""
    try:
        _check_origin(request)
        address = neighbourhood(request.META.get("REMOTE_ADDR", ""))
        if not frames_of_address.take(address):
            raise TooFast
        asked, uploads = _asked(request)
        if not all(frames_of_address.take(address) for _ in asked[1:]):
            raise TooFast  # a request of ten frames is ten
        side = BuyerSide(request.place, address)
        out: list[dict[str, Any]] = []
        for each in asked:
            out += side.answer_here(each, uploads if each.get("type") == "message" else ())
            if not side.is_open or side.is_over:
                break
    except DomainError as error:
        return JsonResponse(error.body(), status=error.status)
    return JsonResponse({"frames": out})


@require_GET
def file(request: DeskRequest, file_id: UUID) -> HttpResponse | FileResponse:
    """A file of the visitor's own conversation, for whoever could say hello. `size=small` is a thumbnail, if any."""
    scheme, _space, credentials = request.headers.get("Authorization", "").partition(" ")
    key, _space, secret = credentials.partition(" ")
    store = store_of(request.place)
    if store is None or scheme != "Visitor":
        raise NotFound(field="file")
    with in_store(store):
        talk = _visitor(key, secret, request.headers.get("Identity", ""))
        found = buyers_file(talk, file_id)
        if found is None or not found.file.storage.exists(str(found.file.name)):
            raise NotFound(field="file")
        name, kind, shown = found.name, found.content_type, found.is_image
        content = thumbnail(found) if request.GET.get("size") == "small" and shown else found.file.open("rb")
    response = FileResponse(content, as_attachment=not shown, filename=name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _visitor(key: str, secret: str, identity: str) -> Talk:
    """Who shows this key, secret and identity: no less than a hello must. Raises NotFound (`file`)."""
    now = database_now()
    widget, talk = widget_of(), talk_of(secret)
    if widget is None or not widget.is_on or widget.key != key or talk is None:
        raise NotFound(field="file")
    try:
        check_talk(talk, identity_of(identity, widget.identity_secret, now=now) if identity else None, now=now)
    except SecretExpired as error:
        raise NotFound(field="file") from error
    return talk


def _widget(request: DeskRequest) -> tuple[ChatWidget, str]:
    store = store_of(request.place)
    if store is None:
        raise NotFound
    with in_store(store):
        widget = widget_of()
    if widget is None:
        raise WrongKey(field="key")
    return widget, store.name


def _config(widget: ChatWidget, name: str) -> dict[str, Any]:
    consent = {"zh": widget.consent_zh or widget.consent_en, "en": widget.consent_en or widget.consent_zh}
    return {
        "v": protocol.VERSION,
        "key": widget.key,
        "socket": "/ws/chat/",
        "frames": "/chat/frames/",
        "files": "/chat/files/",
        "store": {"name": name},
        "color": widget.color,
        "position": widget.position,
        "greeting": {"zh": widget.greeting_zh, "en": widget.greeting_en},
        "fields": widget.fields,
        "consent": consent if any(consent.values()) else None,
        "topics": _TOPICS,
        "sound": widget.sound,
        "preview": widget.shows_typing,
    }


# In both languages at once, for the frame may change its language without asking again.
_TOPICS: Final = [
    {"value": Category.PRE_SALE, "zh": "购买前咨询", "en": "Before I buy"},
    {"value": Category.LOGISTICS, "zh": "物流配送", "en": "Delivery"},
    {"value": Category.QUALITY, "zh": "商品质量", "en": "Quality"},
    {"value": Category.SIZE, "zh": "尺码", "en": "Size"},
    {"value": Category.USAGE, "zh": "使用方法", "en": "How to use it"},
    {"value": Category.REFUND, "zh": "退款退货", "en": "Refund or return"},
    {"value": Category.ACCOUNT_PAYMENT, "zh": "账号与支付", "en": "Account or payment"},
]


def _check_origin(request: HttpRequest) -> None:
    """The frame is a page of this host, and no other page has business here."""
    origin = request.headers.get("Origin", "")
    if origin and not is_own_origin(origin, request.get_host()):
        raise Forbidden(field="origin")


def _asked(request: HttpRequest) -> tuple[list[dict[str, Any]], tuple[Upload, ...]]:
    is_form = (request.content_type or "") == "multipart/form-data"
    text = request.POST.get("frames", "") if is_form else request.body.decode("utf-8", "replace")
    if len(text) > protocol.MOST_BYTES:
        raise TooMuch(field="frames")
    asked = protocol.decoded(text).get("frames")
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_FRAMES or not all(isinstance(f, dict) for f in asked):
        raise Invalid(field="frames")
    messages = sum(1 for each in asked if each.get("type") == "message")
    uploads = read_uploads(request.FILES.getlist("files")) if is_form else ()
    if uploads and messages != 1:
        raise Invalid(field="files")
    return asked, uploads
