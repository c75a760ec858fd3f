"""Every address of the admin, and what each role is answered there. A page without a line here fails the suite.

`{name}` in a path is the number of an object that OBJECTS makes: North's own, and in a second round South's, which
North's people must not find. Apps add their objects and pages at the end of each part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from knowledge.actions.correct import propose_correction
from knowledge.actions.make_version import make_version
from knowledge.actions.publish import publish
from knowledge.actions.save_reply import add_reply
from knowledge.actions.write_item import Place, begin_item, create_item
from knowledge.models import Release
from tenants.actions.set_team import make_team
from tenants.models import Agency, Assignment, Membership, Store, User
from tests.cast import NOON
from tickets.certification.actions.set_exam import save_exam, set_state
from tickets.certification.actions.set_question import Wanted, save_question, true_or_false
from tickets.certification.actions.sit import begin, hand_in
from tickets.certification.models import Exam
from tickets.certification.queries.sittings import needs_everywhere
from tickets.events.actions import set_event
from tickets.events.actions.set_event import save_event
from tickets.routing.actions.set_routing import save_rule as save_routing_rule
from tickets.timers.actions.set_rules import save_rule

Status = int | set[int]


@dataclass(frozen=True)
class Page:
    """What a lead, and with them an owner, and an agent are answered. A `body` is sent by POST."""

    path: str
    lead: Status
    agent: Status
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)


def _person(agency: Agency) -> User:
    slug = f"iso-{agency.slug}@example.com"
    return User.objects.filter(email=slug).first() or User.objects.create_user(slug, "x", name=f"CANARY {agency.name}")


def _member(agency: Agency, lead: User) -> int:
    return Membership.objects.get_or_create(user=_person(agency), agency=agency, defaults={"role": "agent"})[0].pk


def _given(agency: Agency, lead: User) -> int:
    _member(agency, lead)
    store = Store.objects.filter(agency=agency).order_by("pk").first()
    return Assignment.objects.get_or_create(user=_person(agency), store=store, defaults={"role": "agent"})[0].pk


def _team(agency: Agency, lead: User) -> int:
    name = f"CANARY {agency.name}"
    return make_team(agency.pk, name=name, members=[lead.pk], by=lead, now=NOON).pk


def _store(agency: Agency, lead: User) -> int:
    return Store.objects.filter(agency=agency).order_by("pk").values_list("pk", flat=True)[0]


def _published(agency: Agency, lead: User) -> Release:
    """An article that the agency's first store runs."""
    content = {"title": {"zh": f"下发 {agency.name}"}, "body": {"zh": "……"}}
    item = create_item(agency.pk, kind="article", content=content, place=Place(), author=lead, now=NOON)
    version = make_version(item, revision=1, author=lead, now=NOON)
    return publish(item, version, [_store(agency, lead)], author=lead, now=NOON)


def _reply(agency: Agency, lead: User) -> int:
    content = {"title": {"zh": f"CANARY {agency.name}"}, "body": {"zh": "您好"}}
    return add_reply(agency.pk, content, Place(), author=lead, now=NOON).pk


def _item(agency: Agency, lead: User, kind: str) -> int:
    """Begun, with a title and no version."""
    rough = {"title": {"zh": f"CANARY {agency.name}"}}
    return begin_item(agency.pk, kind=kind, rough=rough, place=Place(), author=lead, now=NOON).pk


def _correction(agency: Agency, lead: User) -> int:
    item = _published(agency, lead).item
    said = {"language": "zh", "before": "……", "after": f"CANARY {agency.name}", "reason": "CANARY"}
    return propose_correction(item, author=lead, now=NOON, **said).pk


def _rule(agency: Agency, lead: User) -> int:
    values = {"name": f"CANARY {agency.name}", "wait_s": 3600, "does": "close"}
    return save_rule(agency.pk, None, values, by=lead, now=NOON).pk


def _exam(agency: Agency, lead: User) -> Exam:
    """Asked for in all of the agency's stores. The same one for all objects of a path."""
    name = f"CANARY {agency.name}"
    there = Exam.objects.filter(agency=agency, name_zh=name).first()
    if there is not None:
        return there
    values = {
        "name_zh": name,
        "name_en": "",
        "all_stores": True,
        "stores": [],
        "sops": [],
        "asks": 1,
        "pass_mark": 80,
        "minutes": 20,
        "wait_minutes": 0,
    }
    exam = save_exam(agency.pk, None, values, by=lead, now=NOON)
    for text in ("CANARY?", "Another?"):
        save_question(exam, None, Wanted("truth", text, "", true_or_false(True)), by=lead, now=NOON)
    return set_state(exam, "asked", by=lead, now=NOON)


def _sitting(agency: Agency, lead: User) -> int:
    """The lead's, handed in."""
    exam = _exam(agency, lead)
    sitting = begin(exam, needs_everywhere(exam), by=lead, now=NOON)
    return hand_in(agency.pk, sitting.pk, answers={}, seen=0, by=lead, now=NOON).pk


def _event(agency: Agency, lead: User) -> int:
    ahead = timezone.now() + timedelta(days=2)
    wanted = set_event.Wanted(_store(agency, lead), f"CANARY {agency.name}", ahead, ahead + timedelta(hours=1))
    return save_event(agency.pk, None, wanted, people=[], by=lead, now=timezone.now()).pk


def _routing_rule(agency: Agency, lead: User) -> int:
    values = {"name": f"CANARY {agency.name}", "pool": [], "stores": []}
    return save_routing_rule(agency.pk, None, values, by=lead, now=NOON).pk


# What makes an object of an agency, by the name of its model in small letters; the number is what paths need.
OBJECTS: dict[str, Callable[[Agency, User], int]] = {
    "membership": _member,
    "assignment": _given,
    "team": _team,
    "store": _store,
    "item": lambda agency, lead: _published(agency, lead).item_id,
    "release": lambda agency, lead: _published(agency, lead).pk,
    "reply": _reply,
    "article": lambda agency, lead: _item(agency, lead, "article"),
    "sop": lambda agency, lead: _item(agency, lead, "sop"),
    "correction": _correction,
    "rule": _rule,
    "exam": lambda agency, lead: _exam(agency, lead).pk,
    "question": lambda agency, lead: _exam(agency, lead).questions.order_by("pk")[0].pk,
    "sitting": _sitting,
    "event": _event,
    "routing_rule": _routing_rule,
}
REPLIES = "/admin/replies/"
GIVING = {"channels": "widget", "ring_s": "10", "most_chats": "6", "most_others": "20", "take_back_s": "60"}
TIME_RULE = {"name": "R", "state": "answered", "wait": "2", "unit": "d", "does": "close", "order": "1"}

MEMBER, GIVEN, TEAM, STORE = (f"/admin/tenants/{name}/" for name in ("membership", "assignment", "team", "store"))
CHECK, ARTICLES = "/admin/publish/new/check/", "/admin/articles/"
LATEST = {"_seen": "999999999"}  # a form that was opened after every change
LEADS: dict[str, Any] = {"lead": 200, "agent": 403}
PAGES: dict[str, Page] = {
    # the frame
    "index": Page("/admin/", 200, 200),
    "search": Page("/admin/search/", 200, 200, query={"s": "a"}),
    "jsi18n": Page("/admin/jsi18n/", 200, 200),
    "autocomplete": Page("/admin/autocomplete/", 403, 403),
    "choose": Page("/admin/choose/stores/", 200, 403),
    # tenants
    "tenants_membership_changelist": Page(MEMBER, **LEADS),
    "tenants_membership_add": Page(MEMBER + "add/", **LEADS),
    "tenants_membership_change": Page(MEMBER + "{membership}/change/", 302, 403, body={"role": "agent"}),
    "tenants_membership_history": Page(MEMBER + "{membership}/history/", **LEADS),
    "tenants_membership_delete": Page(MEMBER + "{membership}/delete/", 302, 403, body={"post": "yes"}),
    "tenants_membership_bulk": Page(MEMBER + "bulk/give/no-such-run/", 404, 403),
    "tenants_membership_export": Page(MEMBER + "export/csv/", **LEADS),
    "tenants_membership_import": Page(MEMBER + "import/", **LEADS),
    "tenants_assignment_changelist": Page(GIVEN, **LEADS),
    "tenants_assignment_add": Page(GIVEN + "add/", 403, 403),
    "tenants_assignment_change": Page(GIVEN + "{assignment}/change/", 302, 403, body={"alias": "X"}),
    "tenants_assignment_history": Page(GIVEN + "{assignment}/history/", **LEADS),
    "tenants_assignment_delete": Page(GIVEN + "{assignment}/delete/", 302, 403, body={"post": "yes"}),
    "tenants_assignment_export": Page(GIVEN + "export/csv/", **LEADS),
    "tenants_team_changelist": Page(TEAM, **LEADS),
    "tenants_team_add": Page(TEAM + "add/", 302, 403, body={"name": "New"}),
    "tenants_team_change": Page(TEAM + "{team}/change/", 302, 403, body={"name": "Other", **LATEST}),
    "tenants_team_history": Page(TEAM + "{team}/history/", **LEADS),
    "tenants_team_delete": Page(TEAM + "{team}/delete/", 302, 403, body={"post": "yes"}),
    "tenants_store_changelist": Page(STORE, **LEADS),
    "tenants_store_add": Page(STORE + "add/", 403, 403),
    "tenants_store_change": Page(
        STORE + "{store}/change/", 302, 403, body={"name": "X", "band": "1", "time_zone": "UTC"}
    ),
    "tenants_store_history": Page(STORE + "{store}/history/", **LEADS),
    "tenants_store_delete": Page(STORE + "{store}/delete/", 403, 403, body={"post": "yes"}),
    "tenants_store_bulk": Page(STORE + "bulk/give/no-such-run/", 404, 403),
    "tenants_store_export": Page(STORE + "export/csv/", **LEADS),
    # publishing
    "publish": Page("/admin/publish/new/", **LEADS),
    "publish_check": Page(CHECK, 302, 403, body={"item": ""}),
    "releases": Page("/admin/publish/releases/", **LEADS),
    "release": Page("/admin/publish/releases/{release}/", 302, 403, body={"do": "undo"}),
    "drift": Page("/admin/publish/drift/", 302, 403, body={"item": ""}),
    "drift_stores": Page("/admin/publish/drift/stores/", **LEADS),
    "drift_item": Page("/admin/publish/drift/{item}/", **LEADS),
    "store_library": Page("/admin/publish/stores/{store}/", 302, 403, body={"seller_signs": "yes"}),
    "override": Page("/admin/publish/stores/{store}/items/{item}/", 302, 403, body={"title.zh": "本店"}),
    # quick replies: who may write which is the item's affair, see tests/knowledge/test_reply_admin.py
    "replies": Page(REPLIES, 200, 200),
    "reply_new": Page(REPLIES + "new/", 200, 200),
    "replies_move": Page(REPLIES + "move/", 302, 302),
    "replies_import": Page(REPLIES + "import/", 200, 200),
    "replies_export": Page(REPLIES + "export/", 200, 200),
    "reply": Page(REPLIES + "{reply}/", 200, 200),
    "reply_uses": Page(REPLIES + "{reply}/uses/", 200, 200),
    "reply_history": Page(REPLIES + "{reply}/history/", 200, 200),
    # articles
    "articles": Page(ARTICLES, 200, 200),
    "article_new": Page(ARTICLES + "new/", 302, 403, body={}),
    "articles_bulk": Page(ARTICLES + "bulk/archive/no-such-run/", 404, 403),
    "articles_import": Page(ARTICLES + "import/", 400, 403, body={}),
    "articles_plan": Page(ARTICLES + "import/00000000-0000-4000-8000-000000000000/", 404, 403),
    "articles_export": Page(ARTICLES + "export/csv/", **LEADS),
    "article": Page(ARTICLES + "{item}/", 302, 403, body={"do": "archive"}),
    "article_edit": Page(ARTICLES + "{item}/edit/", 302, 403, body={"revision": "2", "title.en": "X", "body.en": "Y"}),
    "article_version": Page(ARTICLES + "{item}/versions/1/", 200, 200),
    "article_history": Page(ARTICLES + "{item}/history/", 200, 200),
    "corrections": Page("/admin/corrections/", 200, 200),
    "correction": Page("/admin/corrections/{correction}/", 302, 403, body={"do": "decline", "answer": "No."}),
    "missed": Page("/admin/missed/", **LEADS),
    # warnings and time rules
    "time_rules": Page("/admin/time-rules/", **LEADS),
    "time_rule_new": Page("/admin/time-rules/new/", 302, 403, body=TIME_RULE),
    "time_rule": Page("/admin/time-rules/{rule}/", 302, 403, body={**TIME_RULE, **LATEST}),
    "triage": Page("/admin/triage/", 302, 403, body={"subject": "mood", "do": "learn"}),
    # reports
    "fleet": Page("/admin/fleet/", **LEADS),
    "report": Page("/admin/report/", **LEADS),
    "report_tickets": Page("/admin/report/tickets/", **LEADS),
    "report_file": Page("/admin/report/file/", **LEADS),
    # scores
    "scores": Page("/admin/scores/", **LEADS),
    "score": Page("/admin/scores/{store}/", **LEADS),
    "score_evidence": Page("/admin/scores/{store}/evidence/?policy=tmall_human_3min", **LEADS),
    # policies, goals, hours
    "policies": Page("/admin/policies/", **LEADS),
    "policy_goal_new": Page("/admin/policies/new-goal/", 400, 403, body={"name": ""}),
    "policy_rule": Page("/admin/policies/rule/policy/tmall_mean/", 400, 403, body={"do": "save"}),
    "store_hours": Page("/admin/policies/stores/{store}/", 302, 403, body={"do": "drop", "date": "2999-01-01"}),
    # SOPs
    "sops": Page("/admin/sops/", 200, 200),
    "sop_new": Page("/admin/sops/new/", 302, 403, body={"title.zh": "X"}),
    "sop": Page("/admin/sops/{sop}/", 200, 200),
    "sop_edit": Page("/admin/sops/{sop}/edit/", **LEADS),
    "sop_version": Page("/admin/sops/{sop}/versions/1/", 404, 404),
    "sop_history": Page("/admin/sops/{sop}/history/", 200, 200),
    "sop_adherence": Page("/admin/sops/{sop}/adherence/", 200, 200),
    # giving tickets
    "routing": Page("/admin/routing/", 302, 403, body=GIVING),
    "routing_rule_new": Page("/admin/routing/rules/new/", 302, 403, body={"name": "R", "keep_min": "0"}),
    "routing_rule": Page("/admin/routing/rules/{routing_rule}/", 302, 403, body={"do": "remove"}),
    "routing_dry_run": Page("/admin/routing/dry-run/", **LEADS),
    # the roster
    "roster": Page("/admin/roster/", 302, 403, body={"do": "copy", "weeks": "1"}),
    "roster_shift": Page("/admin/roster/shift/", 400, 403, body={"do": "save"}),
    "roster_mine": Page("/admin/roster/mine/", 200, 200),
    "roster_import": Page("/admin/roster/import/", 400, 403, body={}),
    "roster_export": Page("/admin/roster/export/?format=ics", **LEADS),
    "roster_mine_file": Page("/admin/roster/mine/file/", 200, 200),
    "coverage": Page("/admin/coverage/", **LEADS),
    "events": Page("/admin/events/", **LEADS),
    "events_import": Page("/admin/events/import/", 400, 403, body={}),
    "event_new": Page("/admin/events/new/", 400, 403, body={"name": ""}),
    "event": Page("/admin/events/{event}/", 302, 403, body={"do": "remove"}),
    "event_report": Page("/admin/events/{event}/report/", **LEADS),
    "event_report_file": Page("/admin/events/{event}/report/file/", **LEADS),
    "skills": Page("/admin/skills/", **LEADS),
    "person_skills": Page("/admin/skills/{membership}/", 302, 403, body={"language": "th"}),
    # certification: what one sits is everybody's own, and another's sitting is not there
    "certification": Page("/admin/certification/", **LEADS),
    "exam_new": Page("/admin/certification/new/", 400, 403, body={"name_zh": "X"}),
    "exam": Page("/admin/certification/{exam}/", 302, 403, body={"do": "retire"}),
    "exam_edit": Page("/admin/certification/{exam}/edit/", **LEADS),
    "exam_questions": Page("/admin/certification/{exam}/questions/", **LEADS),
    "exam_question_new": Page("/admin/certification/{exam}/questions/new/", **LEADS),
    "exam_question": Page("/admin/certification/{exam}/questions/{question}/", **LEADS),
    "exam_questions_import": Page("/admin/certification/{exam}/questions/import/", 400, 403, body={}),
    "exam_questions_export": Page("/admin/certification/{exam}/questions/export/", **LEADS),
    "my_exams": Page("/admin/exams/", 200, 200),
    "exam_to_sit": Page("/admin/exams/{exam}/", 302, 302, body={}),
    "sitting": Page("/admin/exams/sittings/{sitting}/", {200, 404}, 404),  # 200: whose it is
}
