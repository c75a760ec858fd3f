"""As many chats wait as the agency wants to wait: a new buyer is told, who waits already keeps their place."""

from __future__ import annotations

from tenants.context import in_store
from tests.cast import NOON, Cast
from tests.chat.conftest import Browser, buyer, widget
from tests.chat.test_take_back import at_desk
from tests.routing.test_give import plan
from tickets.actions.assign import assign
from tickets.models import ChatWidget, Ticket
from tickets.queries.chat import free_now

__all__ = ["buyer", "widget"]


def free(cast: Cast) -> tuple[bool, bool]:
    with in_store(cast.a):
        return free_now(NOON)


def test_a_full_queue_is_told_to_new_buyers_alone(buyer: Browser, widget: ChatWidget, cast: Cast) -> None:
    at_desk(cast, cast.bo)
    limit = plan(cast)
    buyer.say("在吗")
    assert free(cast) == (True, False)  # no limit
    limit.longest_queue = 1
    limit.save()
    assert free(cast) == (True, True)
    stranger, again = Browser(cast.a, widget.key), Browser(cast.a, buyer.key, buyer.secret)
    assert stranger.hello()["state"]["full"] is True
    assert again.hello()["state"]["full"] is False
    assert stranger.say("也在吗")["type"] == "sent"  # nothing that somebody writes is lost
    with in_store(cast.a):
        for ticket in Ticket.objects.filter(channel="widget"):
            assign(ticket, to=cast.bo, by=cast.bo, now=NOON)
    assert free(cast) == (True, False)
