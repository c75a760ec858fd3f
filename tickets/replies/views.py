"""Quick replies beside the conversation: all of them for the search, one filled in, and one's own words kept."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID
from zlib import crc32

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from knowledge.actions.save_reply import add_reply
from knowledge.actions.write_item import Place
from knowledge.content.reply import fill, unfill, without_variables
from knowledge.models import Layer
from knowledge.pinyin import spell
from knowledge.queries.pictures import pictures_of
from knowledge.queries.replies import replies_in, replies_stamp, reply_in
from tenants.access import Action, store_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.middleware import DeskRequest
from tickets.acknowledgement import language_of as language_of_text
from tickets.events.queries import under_way
from tickets.forms import read
from tickets.queries.gate import ticket_for
from tickets.queries.names import store_ref
from tickets.queries.variables import variables_for
from tickets.replies.forms import DraftForm, KeepForm, content_of, language_of

# What stands where a buyer who told no name would be called by it: 您好, Hello there.
NAMELESS = {"zh": "", "en": "there"}


@login_required
@require_GET
def replies(request: DeskRequest, store: str) -> HttpResponse:
    """Every reply that the store holds for the reader, without the texts: the browser searches. Kept by its stamp.

    `pack`: the folder that comes first while a live event runs.
    """
    found = store_for(request.caller, store, Action.NOTE)
    now = database_now()
    running = under_way([found.pk], now).get(found.pk)
    pack = running.pack if running else ""
    stamp = f'"{replies_stamp(request.caller, found, now=now)}-{crc32(pack.encode()):x}"'
    if request.headers.get("If-None-Match", "").removeprefix("W/") == stamp:
        response: HttpResponse = HttpResponseNotModified()
    else:
        lines = replies_in(request.caller, found, now=now)
        folders = {line.folder: spell(line.folder) for line in lines}
        told = {"folders": folders, "pack": pack, "replies": [asdict(line) for line in lines]}
        response = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})
    response["ETag"] = stamp
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_GET
def filled(request: DeskRequest, store: str, number: int, item: int) -> HttpResponse:
    """One reply with this ticket's facts in it, and the names of what is missing."""
    found = store_for(request.caller, store, Action.NOTE)
    held = reply_in(request.caller, found, item)
    with in_store(found):
        ticket = ticket_for(request.caller, found, number, Action.NOTE)
        language = language_of(request, ticket.customer.language)
        values = variables_for(request.caller, found, ticket)
    body, missing = fill(held.reply.body.in_language(language), {"buyer": NAMELESS[language], **values})
    answer = {
        "id": held.item_id,
        "title": held.reply.title.in_language(language),
        "body": body,
        "missing": missing,
        "pictures": [
            {"id": str(picture.pk), "name": picture.name, "url": reverse("picture", args=[picture.pk])}
            for picture in pictures_of(found.agency_id, [UUID(name) for name in held.reply.pictures])
        ],
    }
    return JsonResponse(answer)


@login_required
@require_POST
def draft(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """The form in which one's words become a reply of one's own: what is this buyer's is a variable there."""
    found = store_for(request.caller, store, Action.NOTE)
    words = read(DraftForm, request)["body"]
    with in_store(found):
        ticket = ticket_for(request.caller, found, number, Action.NOTE)
        values = variables_for(request.caller, found, ticket)
    folders = sorted({line.folder for line in replies_in(request.caller, found, now=database_now())} - {""})
    body = unfill(words, values)
    context = {
        "store": store_ref(found),
        "body": body,
        "language": language_of_text(without_variables(body)),
        "folders": folders,
    }
    return render(request, "tickets/replies/_keep.html", context)


@login_required
@require_POST
def keep(request: DeskRequest, store: str) -> HttpResponse:
    """A reply of one's own, in use at once in every store that one answers for."""
    found = store_for(request.caller, store, Action.NOTE)
    said = read(KeepForm, request)
    place = Place(layer=Layer.PERSONAL, person_id=request.user.pk, folder=said["folder"])
    with transaction.atomic():
        add_reply(found.agency_id, content_of(said), place, author=request.user, now=database_now())
    if not request.headers.get("HX-Request"):
        return redirect("desk")
    return HttpResponse(status=204, headers={"HX-Trigger": '{"repliesChanged": {}}'})
