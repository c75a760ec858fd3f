"""The desk: one queue over all stores that one may see, on the agency's host; one store's, on the store's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.content.reply import VARIABLES
from knowledge.queries.asked import asked_total
from tenants.access import Action, may, store_for, stores_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import Invalid
from tenants.hosts import Kind
from tenants.middleware import DeskRequest
from tenants.models import Store
from tenants.queries import person_by_id
from tickets.actions.assign import assign as assign_ticket
from tickets.actions.attach import thumbnail
from tickets.actions.close import close as close_ticket
from tickets.actions.deliver import try_again
from tickets.actions.note import add_note
from tickets.actions.presence import heard_of_losses, order_desk, set_presence
from tickets.actions.reopen import reopen as reopen_ticket
from tickets.actions.reply import TicketMovedOn, check_filled, reply_to_ticket
from tickets.actions.set_category import set_category
from tickets.actions.set_mood import set_mood
from tickets.actions.snooze import snooze as snooze_ticket
from tickets.actions.transfer import needs_a_word
from tickets.actions.transfer import transfer as transfer_ticket
from tickets.certification.queries.certified import AskedHere, missing_here
from tickets.channels import Channel
from tickets.clocks.snooze import For
from tickets.clocks.snooze import until as snoozed_until
from tickets.forms import (
    AssignForm,
    CategoryForm,
    CloseForm,
    MoodForm,
    NoteForm,
    OrderForm,
    PresenceForm,
    ReplyForm,
    SnoozeForm,
    TransferForm,
    card_of,
    read,
    uploads,
)
from tickets.models import Ticket
from tickets.queries.chats import chats_for
from tickets.queries.conversation import colleagues_of, conversation_for
from tickets.queries.gate import attachment_for, locked, ticket_for
from tickets.queries.moods import mood_told
from tickets.queries.names import buyer_name, store_ref
from tickets.queries.presence import presence_of
from tickets.queries.queue import Filters, queue_for
from tickets.queries.why import why_here_for
from tickets.replies.forms import LANGUAGES
from tickets.replies.made import made_of

# ---------------------------------------------------------------- reading


@login_required
@require_GET
def desk(request: DeskRequest) -> HttpResponse:
    return render(request, "tickets/desk.html", {**_queue_context(request), "conversation": None})


@login_required
@require_GET
def queue(request: DeskRequest) -> HttpResponse:
    return render(request, "tickets/_queue_answer.html", _queue_context(request))


@login_required
@require_GET
def ticket(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.VIEW)
    missing = _missing_exams(request, found)  # before the store is entered: afterwards it would be one more switch
    conversation = conversation_for(request.caller, found, number)
    shown = {**_conversation_context(request, conversation), "missing_exams": missing}
    if request.headers.get("HX-Request"):
        return render(request, "tickets/_conversation.html", shown)
    context = {**_queue_context(request), **shown}
    return render(request, "tickets/desk.html", {**context, "open_store": store, "open_number": number})


@login_required
@require_GET
def why_here(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """Why the ticket stands where it stands in the list, in full."""
    found = store_for(request.caller, store, Action.VIEW)
    why = why_here_for(found, number, now=database_now())
    return render(request, "tickets/_why_here.html", {"why": why, "by_time": _orders_by_time(request)})


@login_required
@require_GET
def messages(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """`before`: the page of messages above that one. `from`: all from that one on, with the ticket's state."""
    before, since = (_seq(request, name) for name in ("before", "from"))
    found = store_for(request.caller, store, Action.VIEW)
    conversation = conversation_for(request.caller, found, number, before=before, since=since)
    context = {**_conversation_context(request, conversation), "live": before is None}
    return render(request, "tickets/_messages.html", context)


@login_required
@require_GET
def attachment(request: DeskRequest, store: str, attachment_id: UUID) -> HttpResponse | FileResponse:
    """A file, as it is; of a picture a thumbnail, where `size=small` asks for it."""
    found = store_for(request.caller, store, Action.VIEW)
    with in_store(found):
        file = attachment_for(request.caller, found, attachment_id)
        name, kind, shown = file.name, file.content_type, file.is_image
        content = thumbnail(file) if shown and request.GET.get("size") == "small" else file.file.open("rb")
    response = FileResponse(content, as_attachment=not shown, filename=name, content_type=kind)
    # Whatever the bytes are, nothing in them runs.
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@login_required
@require_GET
def transfer_form(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """The dialog for handing a ticket over, as things stand: who is there, and whether silence would be charged."""
    found = store_for(request.caller, store, Action.ASSIGN)
    people = colleagues_of(request.caller, found)
    with in_store(found):
        asked = ticket_for(request.caller, found, number, Action.ASSIGN)
        context = {
            "ticket": {"number": asked.number, "last_seq": asked.last_seq, "assignee": asked.assignee_id},
            "buyer": buyer_name(str(asked.customer)),
            "is_store_host": request.place.kind == Kind.STORE,
            "channel_label": Channel(asked.channel).label,
            "needs_a_word": needs_a_word(asked),
            "is_closed": asked.is_closed,
        }
    receivers = [person for person in people if person.pk not in (asked.assignee_id, request.user.pk)]
    receivers.sort(key=lambda person: (("online", "away", "").index(person.status), person.chats))
    return render(
        request,
        "tickets/_transfer.html",
        {**context, "store": store_ref(found), "people": receivers, "now": database_now()},
    )


# ---------------------------------------------------------------- writing
# The gate first, then the form: whoever has no business here learns nothing from what is wrong with what they sent.


@login_required
@require_POST
def presence(request: DeskRequest) -> HttpResponse:
    """Takes chats or does not, or has heard how many went to colleagues. On an agency's host only."""
    asked = read(PresenceForm, request)
    if asked["heard"] and not asked["status"]:
        heard_of_losses(request.caller)
    else:
        set_presence(request.caller, asked["status"], back_in=asked["back_in"], now=database_now())
    if not request.headers.get("HX-Request"):
        return redirect("desk")
    return render(
        request, "tickets/_presence_answer.html", {"presence": presence_of(request.caller), "now": database_now()}
    )


@login_required
@require_POST
def order(request: DeskRequest) -> HttpResponse:
    """How one's list is ordered, from now on. On an agency's host only."""
    asked = read(OrderForm, request)
    order_desk(request.caller, by_time=asked["order"] == "time", now=database_now())
    return HttpResponse(status=204) if request.headers.get("HX-Request") else redirect("desk")


@login_required
@require_POST
def reply(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.REPLY)
    asked = read(ReplyForm, request)
    files = uploads(request)
    card = card_of(asked["card"], request, asked["body"])
    used, pictures = made_of(request, store)
    if not asked["as_is"]:
        check_filled(asked["body"])

    def verb(ticket: Ticket) -> None:
        now = database_now()
        said = reply_to_ticket(
            ticket,
            author=request.user,
            body=asked["body"],
            client_key=asked["client_key"],
            seen_seq=asked["seen_seq"],
            uploads=(*files, *pictures),
            card=card,
            used=used,
            now=now,
        )
        if asked["then_close"]:
            close_ticket(ticket, by=request.user, now=now, seen_seq=said.seq)

    try:
        _act(request, found, number, Action.REPLY, verb)
    except TicketMovedOn as error:
        return _missed(request, store, number, error)
    toast = _closed_toast(found, number) if asked["then_close"] else None
    return _sent(request, found, number, toast)


@login_required
@require_POST
def note(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.NOTE)
    asked = read(NoteForm, request)

    def verb(ticket: Ticket) -> None:
        add_note(ticket, author=request.user, body=asked["body"], client_key=asked["client_key"], now=database_now())

    _act(request, found, number, Action.NOTE, verb)
    return _sent(request, found, number, None)


@login_required
@require_POST
def assign(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.ASSIGN)
    form = read(AssignForm, request)
    asked = form["assignee"]
    to = request.user if asked == "me" else person_by_id(int(asked)) if asked else None
    if asked and to is None:
        raise Invalid(_("This person does not work in this store."), field="assignee")
    before: list[int | None] = []

    def verb(ticket: Ticket) -> None:
        before.append(ticket.assignee_id)
        assign_ticket(ticket, to=to, by=request.user, now=database_now(), was=form["was"])

    _act(request, found, number, Action.ASSIGN, verb)
    text = _("Given to %(name)s.") % {"name": to} if to else _("Given to nobody.")
    if to is not None and to.pk == request.user.pk:
        text = _("It is yours.")
    fields = {"assignee": str(before[0] or ""), "was": str(to.pk) if to else ""}
    undo = {"undo": reverse("assign", args=[store, number]), "undo_fields": fields}
    return _sent(request, found, number, {"text": text, **undo})


@login_required
@require_POST
def categorise(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """What it is about, as a person says: triage learns from it."""
    found = store_for(request.caller, store, Action.ASSIGN)
    asked = read(CategoryForm, request)
    before: list[str] = []

    def verb(ticket: Ticket) -> None:
        before.append(ticket.category)
        set_category(ticket, asked["category"], by=request.user, now=database_now(), was=asked["was"])

    _act(request, found, number, Action.ASSIGN, verb)
    fields = {"category": before[0], "was": asked["category"]}
    undo = {"undo": reverse("categorise", args=[store, number]), "undo_fields": fields}
    return _sent(request, found, number, {"text": _("Noted; triage learns from it."), **undo})


@login_required
@require_POST
def say_mood(request: DeskRequest, store: str, number: int) -> HttpResponse:
    """How the buyer's latest words sound, as a person says: triage learns from it."""
    found = store_for(request.caller, store, Action.ASSIGN)
    asked = read(MoodForm, request)
    before: list[str] = []

    def verb(ticket: Ticket) -> None:
        before.append(mood_told(ticket).mood.slug)
        set_mood(ticket, by=request.user, now=database_now(), **asked)

    _act(request, found, number, Action.ASSIGN, verb)
    fields = {"mood": before[0], "was": asked["mood"], "seen_seq": asked["seen_seq"] or ""}
    undo = {"undo": reverse("say_mood", args=[store, number]), "undo_fields": fields}
    return _sent(request, found, number, {"text": _("Noted; triage learns from it."), **undo})


@login_required
@require_POST
def transfer(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.ASSIGN)
    asked = read(TransferForm, request)
    to = person_by_id(int(asked["assignee"]))
    before: list[int | None] = []

    def verb(ticket: Ticket) -> None:
        if to is None:
            raise Invalid(_("This person does not work in this store."), field="assignee")
        before.append(ticket.assignee_id)
        words = {name: asked[name] for name in ("note", "line", "client_key", "seen_seq", "was")}
        transfer_ticket(ticket, to=to, by=request.user, now=database_now(), **words)

    try:
        _act(request, found, number, Action.ASSIGN, verb)
    except TicketMovedOn as error:
        return _missed(request, store, number, error)
    fields = {"assignee": str(before[0] or ""), "was": asked["assignee"]}
    undo = {"undo": reverse("assign", args=[store, number]), "undo_fields": fields}
    return _sent(request, found, number, {"text": _("Handed over to %(name)s.") % {"name": to}, **undo})


@login_required
@require_POST
def close(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.CLOSE)
    asked = read(CloseForm, request)

    def verb(ticket: Ticket) -> None:
        close_ticket(ticket, by=request.user, now=database_now(), seen_seq=asked["seen_seq"])

    try:
        _act(request, found, number, Action.CLOSE, verb)
    except TicketMovedOn as error:
        return _missed(request, store, number, error)
    return _sent(request, found, number, _closed_toast(found, number))


@login_required
@require_POST
def reopen(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.CLOSE)

    def verb(ticket: Ticket) -> None:
        reopen_ticket(ticket, by=request.user, now=database_now())

    _act(request, found, number, Action.CLOSE, verb)
    return _sent(request, found, number, {"text": _("#%(number)d is open again.") % {"number": number}})


@login_required
@require_POST
def snooze(request: DeskRequest, store: str, number: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.ASSIGN)
    asked = read(SnoozeForm, request)["until"]
    now = database_now()
    until = snoozed_until(For(asked), now, found.time_zone) if asked else None

    def verb(ticket: Ticket) -> None:
        snooze_ticket(ticket, until=until, by=request.user, now=now)

    _act(request, found, number, Action.ASSIGN, verb)
    said = _("#%(number)d sleeps.") if until else _("#%(number)d is back in the queue.")
    undo = {"undo": reverse("snooze", args=[store, number]), "undo_fields": {"until": ""}} if until else {}
    return _sent(request, found, number, {"text": said % {"number": number}, **undo})


@login_required
@require_POST
def resend(request: DeskRequest, store: str, number: int, message_id: int) -> HttpResponse:
    found = store_for(request.caller, store, Action.REPLY)

    def verb(ticket: Ticket) -> None:
        try_again(ticket, message_id, by=request.user, now=database_now())

    _act(request, found, number, Action.REPLY, verb)
    return _sent(request, found, number, None)


# ---------------------------------------------------------------- between


def _act(request: DeskRequest, store: Store, number: int, action: Action, verb: Callable[[Ticket], Any]) -> None:
    with in_store(store), locked(request.caller, store, number, action) as ticket:
        verb(ticket)


def _sent(request: DeskRequest, store: Store, number: int, toast: dict[str, Any] | None) -> HttpResponse:
    """What the page needs after a change: the messages it shows, afresh, and the ticket's state."""
    if not request.headers.get("HX-Request"):
        return redirect("ticket", store.slug, number)
    conversation = conversation_for(request.caller, store, number, since=_seq(request, "from"))
    context = {**_conversation_context(request, conversation), "live": True}
    response = render(request, "tickets/_sent.html", context)
    if toast:
        response["HX-Trigger"] = json.dumps({"toast": toast})
    return response


def _missed(request: DeskRequest, slug: str, number: int, error: TicketMovedOn) -> HttpResponse:
    conversation = conversation_for(
        request.caller, store_for(request.caller, slug, Action.VIEW), number, since=_seq(request, "from")
    )
    context = {
        **_conversation_context(request, conversation),
        "live": True,
        "missed_after": error.details["seen_seq"],
        **error.body(),
    }
    if not request.headers.get("HX-Request"):
        context = {**_queue_context(request), **context, "draft": request.POST.get("body", "")}
        return render(request, "tickets/desk.html", context, status=error.status)
    return render(request, "tickets/_missed.html", context, status=error.status)


def _closed_toast(store: Store, number: int) -> dict[str, Any]:
    return {
        "text": _("#%(number)d is closed.") % {"number": number},
        "undo": reverse("reopen", args=[store.slug, number]),
        "undo_fields": {},
    }


def _orders_by_time(request: DeskRequest) -> bool:
    presence = presence_of(request.caller) if request.place.kind == Kind.AGENCY else None
    return presence is not None and presence.by_time


def _queue_context(request: DeskRequest) -> dict[str, Any]:
    filters = Filters.asked(request.GET)
    now = database_now()
    stores = stores_for(request.caller)
    at_agency = request.place.kind == Kind.AGENCY
    presence = presence_of(request.caller) if at_agency else None
    if not filters.order and presence and presence.by_time:
        filters = replace(filters, order="time")
    return {
        "queue": queue_for(request.caller, filters, now=now),
        "chats": chats_for(request.caller, stores, now=now),
        "presence": presence,
        "filters": filters,
        "stores": tuple(store_ref(store) for store in stores),
        "may_configure": any(may(store, Action.CONFIGURE) for store in stores),
        "may_view_reports": any(may(store, Action.VIEW_REPORTS) for store in stores),
        "channels": Channel.choices,
        "open_store": request.GET.get("open_store", ""),
        "open_number": _seq(request, "open_number"),
        **_place_context(request),
        "sops_asked": 0 if at_agency or not stores else asked_total(stores[0]),
        "now": now,
    }


def _conversation_context(request: DeskRequest, conversation: Any) -> dict[str, Any]:
    buyers = conversation.ticket.language
    return {
        "conversation": conversation,
        "variables": VARIABLES,
        "reply_language": buyers if buyers in LANGUAGES else request.LANGUAGE_CODE[:2],
        **_place_context(request),
    }


def _missing_exams(request: DeskRequest, store: Store) -> tuple[AskedHere, ...]:
    """What the store asks for and one has not passed: at the agency's host, where one can sit it."""
    return missing_here(request.caller.person.pk, store.pk) if request.place.kind == Kind.AGENCY else ()


def _place_context(request: DeskRequest) -> dict[str, Any]:
    return {
        "now": database_now(),
        "is_store_host": request.place.kind == Kind.STORE,
        "place_name": request.place.name,
        "person_name": str(request.user),
    }


def _seq(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name) or request.POST.get(name) or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(_("This is not a number."), field=name)
    return int(text)
