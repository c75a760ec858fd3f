from tickets.models.attachment import Attachment
from tickets.models.customer import Customer
from tickets.models.event import Event
from tickets.models.message import Message
from tickets.models.ticket import Ticket

__all__ = ["Attachment", "Customer", "Event", "Message", "Ticket"]
