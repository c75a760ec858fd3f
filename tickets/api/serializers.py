"""The shape of what integrators send and get. What it means is the verbs' business."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from knowledge.categories import Category
from tickets.actions.receive import LONGEST_TEXT
from tickets.actions.reply import LONGEST_REPLY
from tickets.channels import Channel
from tickets.incoming import IncomingMessage, Upload
from tickets.models import Message, Ticket
from tickets.models.ticket import Priority
from tickets.moods import SLUGS

PRIORITIES = {label.name.lower(): label.value for label in Priority}

_NAME_OF_PRIORITY = {value: name for name, value in PRIORITIES.items()}


class CustomerIn(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=200, help_text="The channel's own id of the buyer.")
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(choices=["zh", "en"], required=False, allow_blank=True, default="")


class IncomingMessageIn(serializers.Serializer[IncomingMessage]):
    """A buyer's message."""

    external_id = serializers.CharField(
        max_length=200, help_text="The channel's own id of the message; a repeat is recognised by it."
    )
    channel = serializers.ChoiceField(
        choices=Channel.choices, required=False, help_text="Default: the store's marketplace."
    )
    customer = CustomerIn()
    text = serializers.CharField(
        max_length=LONGEST_TEXT,
        trim_whitespace=False,
        required=False,
        allow_blank=True,
        default="",
        help_text="May be empty only when files come with it.",
    )
    subject = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    category = serializers.ChoiceField(choices=Category.choices, required=False, allow_blank=True, default="")
    priority = serializers.ChoiceField(choices=list(PRIORITIES), required=False)
    sent_at = serializers.DateTimeField(required=False, help_text="When the buyer wrote it, with its time zone.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["text"] and not self.context.get("has_files"):
            blank = ErrorDetail(str(serializers.CharField.default_error_messages["blank"]), code="blank")
            raise serializers.ValidationError({"text": [blank]})
        return attrs

    def incoming(self, default_channel: Channel, uploads: tuple[Upload, ...] = ()) -> IncomingMessage:
        values = self.validated_data
        customer = values["customer"]
        return IncomingMessage(
            channel=Channel(values.get("channel") or default_channel),
            external_id=values["external_id"],
            customer_id=customer["id"],
            customer_name=customer["name"],
            customer_email=customer["email"],
            language=customer["language"],
            text=values["text"],
            subject=values["subject"],
            category=values["category"],
            priority=PRIORITIES.get(values.get("priority", "")),
            sent_at=values.get("sent_at"),
            uploads=uploads,
        )


class MessageWithFilesIn(serializers.Serializer[Any]):
    """A buyer's message with files, as multipart/form-data."""

    message = serializers.JSONField(help_text="The message, as JSON.")
    files = serializers.ListField(child=serializers.FileField(), required=False)


class ReceivedOut(serializers.Serializer[Any]):
    ticket = serializers.IntegerField(source="ticket_number")
    seq = serializers.IntegerField()
    message = serializers.IntegerField(source="message_id")
    created = serializers.BooleanField(source="is_new", help_text="False: this message had been received before.")


class ReplyIn(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=LONGEST_REPLY, trim_whitespace=False)
    client_key = serializers.CharField(max_length=100, help_text="Yours; the same key again makes no second message.")
    seen_seq = serializers.IntegerField(
        min_value=0,
        max_value=2**62,
        required=False,
        allow_null=True,
        default=None,
        help_text="The last message that the author has seen. The reply is refused (409) if the buyer or a colleague "
        "wrote since. Leave it out only when you replay what was said elsewhere.",
    )
    check_variables = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Refuse a body in which a variable of a quick reply still stands, such as {order}.",
    )


class NoteIn(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=LONGEST_REPLY, trim_whitespace=False)
    client_key = serializers.CharField(max_length=100)


class CloseIn(serializers.Serializer[Any]):
    seen_seq = serializers.IntegerField(
        min_value=0,
        max_value=2**62,
        required=False,
        allow_null=True,
        default=None,
        help_text="The last message that was seen. Closing is refused (409) if somebody wrote since.",
    )


class SnoozeIn(serializers.Serializer[Any]):
    until = serializers.DateTimeField(
        allow_null=True, help_text="Out of the queue until then, or null: back into it. At most 60 days."
    )


class AssignIn(serializers.Serializer[Any]):
    assignee = serializers.EmailField(allow_null=True, help_text="A person's e-mail, or null for nobody.")
    was = serializers.EmailField(
        allow_null=True,
        required=False,
        help_text="Whom it belonged to when you looked, or null for nobody. Refused (409) if that has changed.",
    )


class DeliveryIn(serializers.Serializer[Any]):
    """What became of a message that the connector carried."""

    state = serializers.ChoiceField(
        choices=[s for s in Message.Delivery.values if s not in ("", Message.Delivery.PENDING)]
    )
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    error = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class StoreOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    marketplace = serializers.CharField()
    time_zone = serializers.CharField()


class PersonOut(serializers.Serializer[Any]):
    name = serializers.CharField()


class BuyerOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="buyer_external_id")
    name = serializers.CharField(source="buyer")
    email = serializers.CharField(source="buyer_email")
    language = serializers.CharField()


class DueWhyOut(serializers.Serializer[Any]):
    """The rule by which a buyer is to be answered until `due_at`: of all that apply, the tightest."""

    rule = serializers.CharField(
        source="due_why_key",
        help_text="`goal:KEY:SECONDS` or `policy:KEY:SECONDS`: the agency's goal or the marketplace's policy of that "
        "key, and the time it allows.",
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field, not the attribute of that name
        source="due_why", help_text="The same for people, in the language of the request."
    )


class TicketOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    store = serializers.CharField(source="store.slug")
    customer = BuyerOut(source="*")
    channel = serializers.CharField()
    subject = serializers.CharField()
    category = serializers.CharField()
    mood = serializers.SerializerMethodField(
        help_text="How the buyer's latest words sound, as people and triage say; null of a closed ticket."
    )
    priority = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=Ticket.State.choices)
    assignee = PersonOut(allow_null=True)
    last_seq = serializers.IntegerField()
    openings = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    waiting_since = serializers.DateTimeField(allow_null=True)
    first_response_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    due_why = serializers.SerializerMethodField(help_text="Why `due_at` is so; null where nobody waits for an answer.")
    is_breached = serializers.BooleanField()
    last_message_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=SLUGS, allow_null=True))
    def get_mood(self, row: Any) -> str | None:
        return row.mood or None

    def get_priority(self, row: Any) -> str:
        return _NAME_OF_PRIORITY[row.priority]

    @extend_schema_field(DueWhyOut(allow_null=True))
    def get_due_why(self, row: Any) -> dict[str, str] | None:
        return dict(DueWhyOut(row).data) if row.due_why_key else None


class AttachmentOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class MessageOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Message.Kind.choices)
    author = serializers.CharField()
    body = serializers.CharField()
    external_id = serializers.CharField()
    sent_at = serializers.DateTimeField()
    at = serializers.DateTimeField()
    delivery = serializers.CharField()
    delivery_error = serializers.CharField()
    attachments = AttachmentOut(many=True)


class OutgoingOut(serializers.Serializer[Any]):
    """A message that waits to be carried to its buyer."""

    id = serializers.IntegerField()
    ticket = serializers.IntegerField()
    seq = serializers.IntegerField()
    channel = serializers.CharField()
    customer = serializers.CharField()
    kind = serializers.CharField()
    body = serializers.CharField()
    attachments = AttachmentOut(many=True)


class QueueRowOut(serializers.Serializer[Any]):
    store = serializers.CharField(source="store.slug")
    number = serializers.IntegerField()
    customer = serializers.CharField(source="buyer")
    channel = serializers.CharField()
    state = serializers.CharField()
    assignee = PersonOut(allow_null=True)
    escalated_to = PersonOut(allow_null=True, help_text="The lead who was named when nobody had answered.")
    waiting_since = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    is_breached = serializers.BooleanField()
    due_why = serializers.CharField(source="due_key", help_text="The rule: `goal:KEY:SECONDS` or `policy:KEY:SECONDS`.")
    reason = serializers.CharField(help_text="Why it stands where it stands, in one line.")
    last_seq = serializers.IntegerField()


class ErrorBody(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    details = serializers.DictField()


class ErrorOut(serializers.Serializer[Any]):
    error = ErrorBody()
