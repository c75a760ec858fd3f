"""REST, for integrators: messages in, replies out. Each view is the gate, a verb, and frozen rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.http import FileResponse, QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.access import Action, Caller, store_for, stores_for
from tenants.clock import database_now
from tenants.context import in_store
from tenants.errors import Invalid
from tenants.queries import person_by_email
from tickets.actions.assign import ANYBODY, assign
from tickets.actions.close import close
from tickets.actions.deliver import note_delivery
from tickets.actions.note import add_note
from tickets.actions.receive import receive_message
from tickets.actions.reopen import reopen
from tickets.actions.reply import check_filled, reply_to_ticket
from tickets.actions.snooze import snooze
from tickets.api import serializers as shapes
from tickets.channels import default_channel
from tickets.incoming import Upload, read_uploads
from tickets.models import Message, Ticket
from tickets.queries.conversation import message_rows, ticket_row, ticket_rows
from tickets.queries.gate import attachment_for, locked, messages_for, ticket_for, tickets_for
from tickets.queries.names import store_ref
from tickets.queries.outbox import outgoing_page
from tickets.queries.queue import Filters, queue_for

PAGE = 50
MOST = 200
ERRORS: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404), shapes.ErrorOut)
ERRORS_AND_CONFLICT: dict[Any, Any] = {**ERRORS, 409: shapes.ErrorOut}
CURSOR = OpenApiParameter("cursor", int, description="`next` of the page before.")
LIMIT = OpenApiParameter("limit", int, description=f"Rows a page: {PAGE} if not said, {MOST} at most.")

Row = TypeVar("Row")


def page_of(shape: type[serializers.Serializer[Any]], name: str) -> Any:
    return inline_serializer(name, {"next": serializers.CharField(allow_null=True), "results": shape(many=True)})


class DeskAPIView(APIView):
    """What the views below share: the caller, and reading what was sent."""

    def caller(self, request: Request) -> Caller:
        return request.auth  # type: ignore[return-value]

    def read(self, shape: type[serializers.Serializer[Any]], request: Request) -> Any:
        return self.shape(shape, request.data)

    def shape(self, shape: type[serializers.Serializer[Any]], data: Any, **context: Any) -> Any:
        if not isinstance(data, dict):
            raise Invalid(_("Send a JSON object."), field=None)
        serializer = shape(data=data, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer

    def limit(self, request: Request) -> int:
        return max(1, min(self.number(request, "limit", PAGE), MOST))

    def number(self, request: Request, name: str, default: int) -> int:
        text = request.query_params.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise Invalid(_("This is not a number."), field=name)
        return min(int(text), 2**62)

    def page(
        self,
        rows: Sequence[Row],
        limit: int,
        position: Callable[[Row], Any],
        shape: type[serializers.Serializer[Any]],
    ) -> Response:
        """`rows` has one more than the page where there is a next one."""
        more = len(rows) > limit
        return Response(
            {
                "next": str(position(rows[limit - 1])) if more else None,
                "results": shape(rows[:limit], many=True).data,
            }
        )


class Stores(DeskAPIView):
    @extend_schema(responses={200: shapes.StoreOut(many=True), **ERRORS}, operation_id="stores_list")
    def get(self, request: Request) -> Response:
        """The stores that this token opens."""
        stores = [store_ref(store) for store in stores_for(self.caller(request))]
        return Response(shapes.StoreOut(stores, many=True).data)


class QueueList(DeskAPIView):
    @extend_schema(
        parameters=[OpenApiParameter(n, str) for n in ("view", "store", "channel", "q", "order", "cursor")],
        responses={200: page_of(shapes.QueueRowOut, "QueuePage"), **ERRORS},
        operation_id="queue_list",
    )
    def get(self, request: Request) -> Response:
        """Open tickets over all stores that this token opens, most pressing first; `q` finds closed ones too.

        Pressing: little time to the next miss, where a store can bear few of them. `order=time`: by time alone.
        """
        queue = queue_for(self.caller(request), Filters.asked(request.query_params), now=database_now())
        return Response({"next": queue.next_cursor or None, "results": shapes.QueueRowOut(queue.rows, many=True).data})


class IncomingMessages(DeskAPIView):
    parser_classes = (*APIView.parser_classes, MultiPartParser)

    @extend_schema(
        request={"application/json": shapes.IncomingMessageIn, "multipart/form-data": shapes.MessageWithFilesIn},
        responses={201: shapes.ReceivedOut, 200: shapes.ReceivedOut, **ERRORS_AND_CONFLICT},
        operation_id="messages_receive",
    )
    def post(self, request: Request, store: str) -> Response:
        """Hand in a buyer's message. 201 for a new one, 200 for one that was received before.

        With files as multipart/form-data: the message as JSON in the part `message`, the files in parts `files`.
        """
        found = store_for(self.caller(request), store, Action.RECEIVE)
        message, uploads = self.parts(request)
        shape = self.shape(shapes.IncomingMessageIn, message, has_files=bool(uploads))
        incoming = shape.incoming(default_channel(found.marketplace), uploads)
        with in_store(found):
            received = receive_message(incoming, now=database_now())
        return Response(shapes.ReceivedOut(received).data, status=201 if received.is_new else 200)

    def parts(self, request: Request) -> tuple[Any, tuple[Upload, ...]]:
        """The message and its files, from JSON or from a form."""
        if not isinstance(request.data, QueryDict):
            return request.data, ()
        try:
            message = json.loads(request.data.get("message", ""))
        except (ValueError, RecursionError) as error:
            raise Invalid(_("This part is not JSON."), field="message") from error
        return message, read_uploads(request.FILES.getlist("files"))


class Tickets(DeskAPIView):
    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=Ticket.State.values), CURSOR, LIMIT],
        responses={200: page_of(shapes.TicketOut, "TicketPage"), **ERRORS},
        operation_id="tickets_list",
    )
    def get(self, request: Request, store: str) -> Response:
        """A store's tickets, latest first."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.VIEW)
        state = request.query_params.get("state", "")
        if state and state not in Ticket.State.values:
            raise Invalid(_("There is no such state."), field="state")
        cursor, limit = self.number(request, "cursor", 2**62), self.limit(request)
        with in_store(found):
            tickets = tickets_for(caller, found, state=state).filter(pk__lt=cursor).order_by("-pk")[: limit + 1]
            rows = ticket_rows(caller, found, list(tickets))
        return self.page(rows, limit, lambda row: row.number, shapes.TicketOut)


class OneTicket(DeskAPIView):
    @extend_schema(responses={200: shapes.TicketOut, **ERRORS}, operation_id="tickets_read")
    def get(self, request: Request, store: str, number: int) -> Response:
        """One ticket."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.VIEW)
        with in_store(found):
            row = ticket_row(caller, found, ticket_for(caller, found, number, Action.VIEW))
        return Response(shapes.TicketOut(row).data)


class Messages(DeskAPIView):
    @extend_schema(
        parameters=[CURSOR, LIMIT],
        responses={200: page_of(shapes.MessageOut, "MessagePage"), **ERRORS},
        operation_id="messages_list",
    )
    def get(self, request: Request, store: str, number: int) -> Response:
        """A ticket's messages in order. `cursor` is the seq after which the page begins."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.VIEW)
        cursor, limit = self.number(request, "cursor", 0), self.limit(request)
        with in_store(found):
            ticket = ticket_for(caller, found, number, Action.VIEW)
            page = messages_for(caller, found, ticket).filter(seq__gt=cursor)[: limit + 1]
            rows = message_rows(caller, found, page)
        return self.page(rows, limit, lambda row: row.seq, shapes.MessageOut)


class File(DeskAPIView):
    @extend_schema(responses={(200, "application/octet-stream"): bytes, **ERRORS}, operation_id="attachments_read")
    def get(self, request: Request, store: str, attachment_id: UUID) -> FileResponse:
        """The bytes of an attachment."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.VIEW)
        with in_store(found):
            file = attachment_for(caller, found, attachment_id)
            content, name, kind = file.file.open("rb"), file.name, file.content_type
        return FileResponse(content, as_attachment=True, filename=name, content_type=kind)


class TicketVerb(DeskAPIView):
    """A change of one ticket, locked: what the operations below share."""

    action: Action

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> Message | None:
        raise NotImplementedError

    def act(
        self, request: Request, store: str, number: int, shape: type[serializers.Serializer[Any]] | None = None
    ) -> Response:
        """The gate first, then what was sent: whoever has no business here learns nothing from what is wrong."""
        caller = self.caller(request)
        found = store_for(caller, store, self.action)
        values = self.read(shape, request).validated_data if shape else {}
        with in_store(found), locked(caller, found, number, self.action) as ticket:
            message = self.verb(ticket, request, values)
            if message is not None:
                row: Any = message_rows(caller, found, [message])[0]
                return Response(shapes.MessageOut(row).data, status=201)
            return Response(shapes.TicketOut(ticket_row(caller, found, ticket)).data)

    def through(self, request: Request) -> str:
        token = self.caller(request).token
        return token.name if token else ""


class Replies(TicketVerb):
    action = Action.REPLY

    @extend_schema(
        request=shapes.ReplyIn, responses={201: shapes.MessageOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_reply"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Answer the buyer, in the name of the person whom the token acts for."""
        return self.act(request, store, number, shapes.ReplyIn)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> Message:
        if values.pop("check_variables"):
            check_filled(values["body"])
        return reply_to_ticket(
            ticket, author=self.caller(request).person, now=database_now(), by=self.through(request), **values
        )


class Notes(TicketVerb):
    action = Action.NOTE

    @extend_schema(
        request=shapes.NoteIn, responses={201: shapes.MessageOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_note"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Write a private note."""
        return self.act(request, store, number, shapes.NoteIn)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> Message:
        return add_note(
            ticket, author=self.caller(request).person, now=database_now(), by=self.through(request), **values
        )


class Assignee(TicketVerb):
    action = Action.ASSIGN

    @extend_schema(
        request=shapes.AssignIn, responses={200: shapes.TicketOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_assign"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Give the ticket to somebody who works in the store, or to nobody."""
        return self.act(request, store, number, shapes.AssignIn)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> None:
        email = values["assignee"]
        to = person_by_email(email) if email else None
        if email and to is None:
            raise Invalid(_("This person does not work in this store."), field="assignee")
        by, through = self.caller(request).person, self.through(request)
        assign(ticket, to=to, by=by, now=database_now(), was=self.was(values), through=through)

    def was(self, values: dict[str, Any]) -> int | None:
        """Whom the program saw the ticket belong to. Someone unknown is like someone who does not have it."""
        email = values.get("was", "")
        if email is None:
            return None
        person = person_by_email(email) if email else None
        return person.pk if person else 0 if email else ANYBODY


class Closing(TicketVerb):
    action = Action.CLOSE

    @extend_schema(
        request=shapes.CloseIn, responses={200: shapes.TicketOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_close"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Close the ticket. Closing it twice changes nothing."""
        return self.act(request, store, number, shapes.CloseIn)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> None:
        close(ticket, by=self.caller(request).person, now=database_now(), through=self.through(request), **values)


class Reopening(TicketVerb):
    action = Action.CLOSE

    @extend_schema(
        request=None, responses={200: shapes.TicketOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_reopen"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Reopen the ticket. Reopening an open one changes nothing."""
        return self.act(request, store, number)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> None:
        reopen(ticket, by=self.caller(request).person, now=database_now(), through=self.through(request))


class Snoozing(TicketVerb):
    action = Action.ASSIGN

    @extend_schema(
        request=shapes.SnoozeIn, responses={200: shapes.TicketOut, **ERRORS_AND_CONFLICT}, operation_id="tickets_snooze"
    )
    def post(self, request: Request, store: str, number: int) -> Response:
        """Take the ticket out of the queue until later. It comes back if the buyer writes or its clock warns."""
        return self.act(request, store, number, shapes.SnoozeIn)

    def verb(self, ticket: Ticket, request: Request, values: dict[str, Any]) -> None:
        by, through = self.caller(request).person, self.through(request)
        snooze(ticket, until=values["until"], by=by, now=database_now(), through=through)


class Outgoing(DeskAPIView):
    @extend_schema(
        parameters=[CURSOR, LIMIT],
        responses={200: page_of(shapes.OutgoingOut, "OutgoingPage"), **ERRORS},
        operation_id="outgoing_list",
    )
    def get(self, request: Request, store: str) -> Response:
        """What waits to be carried to buyers by the store's connector, oldest first, until it reports back."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.DELIVER)
        cursor, limit = self.number(request, "cursor", 0), self.limit(request)
        rows = outgoing_page(caller, found, after=cursor, limit=limit + 1)
        return self.page(rows, limit, lambda row: row.id, shapes.OutgoingOut)


class DeliveryReport(DeskAPIView):
    @extend_schema(
        request=shapes.DeliveryIn,
        responses={200: shapes.MessageOut, **ERRORS},
        operation_id="messages_report_delivery",
    )
    def post(self, request: Request, store: str, message_id: int) -> Response:
        """Say what became of a message that was carried. A state that lies behind is ignored."""
        caller = self.caller(request)
        found = store_for(caller, store, Action.DELIVER)
        values = self.read(shapes.DeliveryIn, request).validated_data
        with in_store(found):
            token = caller.token
            message = note_delivery(message_id, now=database_now(), by=token.name if token else "", **values)
            row = message_rows(caller, found, [message])[0]
        return Response(shapes.MessageOut(row).data)
