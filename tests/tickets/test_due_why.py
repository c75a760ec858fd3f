"""REST says why a buyer is to be answered by then."""

from __future__ import annotations

from django.utils import timezone

from tenants.context import in_store
from tests.cast import Cast
from tests.conftest import Api
from tests.scenes import waiting_ticket
from tickets.actions.close import close
from tickets.policies.queries import forget_rules


def test_a_ticket_names_its_rule(cast: Cast, api: Api) -> None:
    forget_rules()
    client, now = api(cast.ann, agency=cast.north), timezone.now()
    with in_store(cast.a):
        ticket = waiting_ticket(at=now)
    url = f"/api/v1/stores/store-a/tickets/{ticket.number}/"
    told = client.get(url).json()
    assert told["due_why"] == {"rule": "goal:chat_first:30", "label": "Goal: Chat: first reply, 30 s"}
    in_chinese = client.get(url, headers={"accept-language": "zh-hans"}).json()["due_why"]
    assert in_chinese["rule"] == "goal:chat_first:30"
    assert in_chinese["label"].startswith("目标")
    with in_store(cast.a):
        ticket.refresh_from_db()
        close(ticket, by=cast.ann, now=now)
    assert client.get(url).json()["due_why"] is None


def test_openapi_describes_it(cast: Cast, api: Api) -> None:
    schemas = api(cast.ann, agency=cast.north).get("/api/schema/", {"format": "json"}).json()["components"]["schemas"]
    assert "due_why" in schemas["TicketOut" if "TicketOut" in schemas else "Ticket"]["properties"]
    assert schemas["DueWhyOut"]["properties"]["rule"]["description"]
