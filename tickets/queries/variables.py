"""What stands for the variables of a quick reply in one ticket. What is not known is left out, never guessed."""

from __future__ import annotations

from django.db.models import Q

from tenants.access import Caller
from tenants.models import Assignment, Store
from tickets.cards import ORDER, PRODUCT
from tickets.models import Message, Ticket, Visitor
from tickets.queries.names import is_name


def variables_for(caller: Caller, store: Store, ticket: Ticket) -> dict[str, str]:
    """Variable → words, for those of `knowledge.content.reply.VARIABLES` that are known.

    Inside the entered store; three queries at most.
    `agent` is the name that the store's buyers know the caller by, else the store's; never the person's own.
    """
    own = Assignment.objects.filter(store=store, user=caller.person).values_list("alias", flat=True).first()
    known = {"buyer": _buyer(ticket), "store": store.name, "agent": own or store.name, **_of_cards(ticket)}
    if "order" not in known:
        known["order"] = _asked_by_form(ticket)
    return {name: words for name, words in known.items() if words}


def _buyer(ticket: Ticket) -> str:
    name = ticket.customer.name
    return name if is_name(name) else ""


def _of_cards(ticket: Ticket) -> dict[str, str]:
    """The latest order and the latest product that were shown in the conversation."""
    shown = ticket.messages.filter(Q(card__type=ORDER) | Q(card__type=PRODUCT), kind=Message.Kind.AGENT)
    known: dict[str, str] = {}
    for card in shown.order_by("-seq").values_list("card", flat=True)[:10]:
        if card and card["type"] == ORDER:
            known.setdefault("order", card["number"])
            if card["items"]:
                known.setdefault("product", card["items"])
        elif card:
            known.setdefault("product", card["title"])
    return known


def _asked_by_form(ticket: Ticket) -> str:
    """The order's number that the buyer wrote into the widget's form."""
    answers = (
        Visitor.objects.filter(customer=ticket.customer_id).order_by("-created_at").values_list("answers", flat=True)
    )
    return next((str(given["order"]) for given in answers[:3] if given.get("order")), "")
