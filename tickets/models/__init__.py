from tickets.models.attachment import Attachment
from tickets.models.chat import Chat, ChatWidget, Visitor
from tickets.models.customer import Customer
from tickets.models.event import Event
from tickets.models.message import Message
from tickets.models.missed_search import MissedSearch
from tickets.models.sop_run import SopRun, SopStepDone
from tickets.models.ticket import Ticket

__all__ = [
    "Attachment",
    "Chat",
    "ChatWidget",
    "Customer",
    "Event",
    "Message",
    "MissedSearch",
    "SopRun",
    "SopStepDone",
    "Ticket",
    "Visitor",
]
