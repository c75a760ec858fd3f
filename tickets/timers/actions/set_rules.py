"""save_rule, remove_rule, set_plan: what an owner wants to happen by itself. At the agency's place.

Each also says anew how early something may happen (the bounds of Plan), and makes the tick look at the open tickets
that it is about. The plan's row is locked first, so that two who write at once leave bounds for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.actions.log_change import Seen, log_change, require_unchanged
from tenants.context import ask
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Membership, User
from tickets.actions.reply import check_body
from tickets.clocks import rules as pure
from tickets.clocks.timers import ESCALATE_AFTER, NOTICE_AT, NOTICE_FROM, WARN_AT
from tickets.timers.models import Plan, Rule
from tickets.timers.queries.plans import plan_of, pure_rule

MOST_WARNINGS: Final = 5
LONGEST_TEXT: Final = 1000

WHY: Final[dict[str, str | Promise]] = {
    "too_short": gettext_lazy("At least one minute."),
    "too_long": gettext_lazy("At most 60 days."),
    "too_long_in_hours": gettext_lazy("At most 240 business hours."),
    "unknown": gettext_lazy("This value can’t be used."),
    "buyer_waits": gettext_lazy("Only where the buyer is silent: a buyer who waits for us wants an answer."),
    "closed": gettext_lazy("A closed ticket can be followed up by a word to the buyer, or opened again."),
    "not_closed": gettext_lazy("Only a closed ticket can be opened again."),
    "missing": gettext_lazy("Say what it becomes."),
    "changes_nothing": gettext_lazy("This rule would change nothing."),
}


class RulesLoop(Conflict):
    """`details`: `rules`, the names of those that go round."""

    code = "rules_loop"


@transaction.atomic
def save_rule(
    agency_id: int,
    rule: Rule | None,
    values: Mapping[str, Any],
    *,
    by: User,
    now: datetime,
    seen: Seen | None = None,
) -> Rule:
    """Makes the rule, or changes it to these values. Raises Invalid with the field, Conflict, RulesLoop; Conflict also
    where what was `seen` has changed, NotFound for one that is gone.
    """
    plan = _plan(agency_id)
    rule = _as_it_stands(rule) if rule else None
    if rule is not None and seen is not None:
        require_unchanged(rule, agency_id=agency_id, seen=seen)
    before = _told(rule) if rule else {}
    rule = rule or Rule(agency_id=agency_id)
    for name, value in values.items():
        setattr(rule, name, value)
    _check(rule)
    rule.save()
    log_change(rule, agency_id=agency_id, by=by, now=now, before=before, after=_told(rule))
    _bound(plan)
    if rule.is_on:
        look_at_silent(agency_id, pure_rule(rule))
    return rule


@transaction.atomic
def remove_rule(rule: Rule, *, by: User, now: datetime) -> None:
    """Raises NotFound for one that is gone already."""
    plan = _plan(rule.agency_id)
    rule = _as_it_stands(rule)
    log_change(rule, agency_id=rule.agency_id, by=by, now=now, before=_told(rule))
    Rule.objects.filter(pk=rule.pk).delete()
    _bound(plan)


@transaction.atomic
def set_plan(
    agency_id: int,
    *,
    warn_at: Sequence[int],
    notice_at: int | None,
    notice_from_min: int,
    escalate_after_min: int | None,
    by: User,
    now: datetime,
) -> Plan:
    """How the agency is warned from now on. Raises Invalid (`warn_at`, `notice_at`)."""
    shares = sorted(set(warn_at))
    if len(shares) > MOST_WARNINGS or not all(1 <= share <= 99 for share in shares):
        raise Invalid(_("At most five shares between 1 and 99."), field="warn_at")
    if notice_at is not None and not 1 <= notice_at <= 99:
        raise Invalid(_("A share between 1 and 99."), field="notice_at")
    plan = _plan(agency_id)
    before = _plan_told(plan)
    plan.warn_at, plan.notice_at = shares, notice_at
    plan.notice_from_min, plan.escalate_after_min = notice_from_min, escalate_after_min
    plan.save()
    log_change(plan, agency_id=agency_id, by=by, now=now, before=before, after=_plan_told(plan))
    _bound(plan)
    look_at_waiting(agency_id, plan.first_share or 100)
    return plan


def _plan(agency_id: int) -> Plan:
    """The agency's row, locked; made with the defaults where there was none."""
    Plan.objects.get_or_create(
        agency_id=agency_id,
        defaults={
            "warn_at": list(WARN_AT),
            "notice_at": NOTICE_AT,
            "notice_from_min": int(NOTICE_FROM.total_seconds() // 60),
            "escalate_after_min": int(ESCALATE_AFTER.total_seconds() // 60),
            "first_share": min(WARN_AT),
        },
    )
    return Plan.objects.select_for_update(no_key=True).get(agency_id=agency_id)


def _as_it_stands(rule: Rule) -> Rule:
    """Under the plan's lock, whatever was read before. Raises NotFound."""
    found = Rule.objects.filter(agency_id=rule.agency_id, pk=rule.pk).first()
    if found is None:
        raise NotFound(field="rule")
    return found


def _bound(plan: Plan) -> None:
    reckoned = plan_of(plan.agency_id)
    waiting, silent = reckoned.shortest_wait(pure.WAITING), reckoned.shortest_wait(pure.ANSWERED)
    plan.first_share = reckoned.first_share
    plan.waiting_s = int(waiting.total_seconds()) if waiting else None
    plan.silent_s = int(silent.total_seconds()) if silent else None
    plan.save(update_fields=["first_share", "waiting_s", "silent_s"])


def _check(rule: Rule) -> None:
    rule.name = " ".join(rule.name.split())
    if not rule.name or len(rule.name) > 60 or not rule.name.isprintable():
        raise Invalid(_("One line of at most %(most)d letters is needed here.") % {"most": 60}, field="name")
    same = Rule.objects.filter(agency_id=rule.agency_id, name__iexact=rule.name).exclude(pk=rule.pk or 0)
    if same.exists():
        raise Conflict(_("There is a rule of this name already."), field="name")
    if found := pure.problem_of(pure_rule(rule)):
        raise Invalid(str(WHY[found.why]), field=found.field)
    if rule.does == Rule.Action.NUDGE:
        _check_words(rule)
    if rule.to_id and not Membership.objects.filter(agency_id=rule.agency_id, user_id=rule.to_id).exists():
        raise Invalid(_("This person does not work here."), field="to")
    if rule.is_on:
        _check_others(rule)


def _check_words(rule: Rule) -> None:
    if not (rule.text_zh.strip() or rule.text_en.strip()):
        raise Invalid(_("Say in at least one language what the buyer is told."), field="text_zh")
    for name in ("text_zh", "text_en"):
        text = getattr(rule, name)
        if len(text) > LONGEST_TEXT:
            raise Invalid(_("This text is longer than %(most)d characters.") % {"most": LONGEST_TEXT}, field=name)
        setattr(rule, name, check_body(text, beside=True))


def _check_others(rule: Rule) -> None:
    others = Rule.objects.filter(agency_id=rule.agency_id, is_on=True).exclude(pk=rule.pk or 0)
    rules = [pure_rule(row) for row in others.order_by("order", "pk")]
    if len(rules) >= pure.MOST_RULES:
        raise Conflict(_("At most %(most)d rules are on at a time.") % {"most": pure.MOST_RULES}, field="is_on")
    loop = pure.loop_of([*rules, pure_rule(rule)])
    if any(one.id == (rule.pk or 0) for one in loop):
        names = [one.name for one in loop if one.id != (rule.pk or 0)]
        told = _("This rule and “%(rules)s” would undo each other for ever.") % {"rules": "”, “".join(names)}
        raise RulesLoop(told, field="does", details={"rules": names})


def _told(rule: Rule) -> dict[str, Any]:
    return {name: value for name, value in model_to_dict(rule).items() if name not in ("id", "agency")}


def _plan_told(plan: Plan) -> dict[str, Any]:
    names = ("warn_at", "notice_at", "notice_from_min", "escalate_after_min")
    return {name: getattr(plan, name) for name in names}


# ---------------------------------------------------------------- the tick looks again

_SILENT: Final = """
UPDATE desk_queueentry entry SET next_at = coalesce(entry.waiting_since, entry.last_message_at) + %(wait)s
FROM tenants_store store
WHERE store.id = entry.store_id AND store.agency_id = %(agency)s AND entry.state = %(state)s
  AND (entry.next_at IS NULL OR entry.next_at > coalesce(entry.waiting_since, entry.last_message_at) + %(wait)s)
"""
_WAITING: Final = """
UPDATE desk_queueentry entry
SET next_at = entry.waiting_since + (entry.due_at - entry.waiting_since) * (%(share)s / 100.0)
FROM tenants_store store
WHERE store.id = entry.store_id AND store.agency_id = %(agency)s AND entry.due_at IS NOT NULL
  AND (entry.next_at IS NULL
       OR entry.next_at > entry.waiting_since + (entry.due_at - entry.waiting_since) * (%(share)s / 100.0))
"""


def look_at_silent(agency_id: int, rule: pure.Rule) -> None:
    """Open tickets that the rule may be about are looked at when it may act, at the latest. One statement."""
    ask(_SILENT, {"agency": agency_id, "state": rule.state, "wait": rule.wait})


def look_at_waiting(agency_id: int, share: int) -> None:
    """Waits are looked at when so much of them is over, at the latest. One statement."""
    ask(_WAITING, {"agency": agency_id, "share": share})
