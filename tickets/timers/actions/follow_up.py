"""plan_follow_ups, claim_follow_ups: after a ticket was closed, what an owner's rules want done later (回访).

A row of FollowUp is the timer of a closed ticket, which has none in the index. Nothing is cancelled: when it comes due,
the ticket must still be closed since then, and its buyer must not have written elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tenants.context import ask, current_store
from tickets.clocks.rules import Looked
from tickets.models import Ticket
from tickets.models.event import ByTime
from tickets.policies.queries import rules_of
from tickets.timers.models import FollowUp, Rule
from tickets.timers.queries.plans import pure_rule

AT_ONCE: Final = 1000

# Asked each second and mostly answered no: to plan the claim would cost more than all the rest of an idle tick.
_ANY: Final = "SELECT EXISTS (SELECT FROM timers_followup WHERE at <= %(now)s)"
# The same way as open tickets go: what must be done in a store is a row of `Fired`, written with the claim.
_CLAIM: Final = """
WITH due AS (
  SELECT later.id FROM timers_followup later
  JOIN tenants_store store ON store.id = later.store_id AND store.state = 'open'
  WHERE later.at <= %(now)s AND later.store_id = coalesce(%(store)s::bigint, later.store_id)
  ORDER BY later.at LIMIT %(most)s FOR NO KEY UPDATE OF later SKIP LOCKED
), gone AS (
  DELETE FROM timers_followup later USING due WHERE later.id = due.id RETURNING later.*
)
INSERT INTO timers_fired (store_id, ticket_number, what, at, fired_at, since, clock, last_seq, tries)
SELECT store_id, ticket_number, 'follow:' || rule_id, at, %(now)s, closed_at, '', 0, 0 FROM gone RETURNING store_id
"""


def plan_follow_ups(ticket: Ticket, *, now: datetime) -> None:
    """For a ticket that was closed this moment. One query, and a second where a rule is about it.

    A rule follows up once in what the buyer has opened: a closing by itself and a reopening by itself can't go round.
    """
    store = current_store()
    looked = Looked(ticket.state, ticket.priority, ticket.channel, ticket.category, ticket.assignee_id)
    rules = Rule.objects.filter(agency_id=store.agency_id, is_on=True, state=Rule.State.CLOSED)
    matching = [rule for rule in rules.order_by("order", "pk") if pure_rule(rule).matches(looked)]
    if not matching:
        return
    done = set(
        ticket.events.filter(kind=ByTime.RULE_ACTED, after__opening=ticket.openings).values_list(
            "after__follow_up", flat=True
        )
    )
    hours = rules_of(store, now).hours
    for rule in matching:
        if rule.pk not in done:
            at = hours.add(now, rule.wait_s) if rule.in_hours else now + timedelta(seconds=rule.wait_s)
            plan_for(ticket, rule, now, hours.next_open(at))


def plan_for(ticket: Ticket, rule: Rule, closed_at: datetime, at: datetime) -> None:
    """At that time, in the place of what was planned by this rule before."""
    FollowUp.objects.update_or_create(
        store=current_store(),
        ticket_number=ticket.number,
        rule_id=rule.pk,
        defaults={"closed_at": closed_at, "at": at},
    )


def claim_follow_ups(now: datetime, *, store: int | None = None) -> list[int]:
    """Moves what is due to `Fired`, exactly once, in one statement over all stores. The stores it is in."""
    [(is_any,)] = ask(_ANY, {"now": now})
    if not is_any:
        return []
    return list(dict.fromkeys(pk for (pk,) in ask(_CLAIM, {"now": now, "store": store, "most": AT_ONCE})))
