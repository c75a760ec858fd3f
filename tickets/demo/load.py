"""The demo agency: North, three stores, forty tickets, made by the same verbs as everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils import timezone

from knowledge.categories import Category
from tenants.actions.issue_token import issue_token, revoke_named
from tenants.actions.open_store import open_store
from tenants.context import in_store
from tenants.hosts import url_of
from tenants.models import Agency, ApiToken, Assignment, Domain, Membership, Store, User
from tenants.models.people import Role
from tickets.actions.assign import assign
from tickets.actions.close import close
from tickets.actions.deliver import note_delivery
from tickets.actions.note import add_note
from tickets.actions.receive import receive_message
from tickets.actions.reply import reply_to_ticket
from tickets.actions.set_widget import set_widget
from tickets.api.serializers import PRIORITIES
from tickets.channels import Channel, default_channel
from tickets.demo.articles import make_articles
from tickets.demo.certification import make_exams
from tickets.demo.events import make_events
from tickets.demo.library import make_sops
from tickets.demo.replies import make_replies
from tickets.desk.models import QueueEntry
from tickets.incoming import IncomingMessage
from tickets.models import Message, Ticket
from tickets.queries.chat import widget_of
from tickets.routing.actions.set_routing import save_rule
from tickets.routing.queries.plans import rules_of_agency

TEXTS = Path(__file__).with_name("tickets.json")
PASSWORD = "Deskfleet-demo-1"  # noqa: S105  # printed by `make up`: it guards nothing
SLUG = "north"

STORES = (
    ("lumi", "Lumi Beauty", Store.Marketplace.TIKTOK_SHOP, "Asia/Bangkok"),
    ("qinghe", "青禾家居旗舰店", Store.Marketplace.TMALL, "Asia/Shanghai"),
    ("northwind", "Northwind Outdoor", Store.Marketplace.WEB, "Europe/Berlin"),
)
# who, name, role in the agency, stores they are assigned to with the name that buyers see
PEOPLE: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("ann", "Ann Li", Role.LEAD, {}),
    ("bo", "Bo Chen", Role.AGENT, {"lumi": "Lily", "qinghe": "小青", "northwind": "Ben"}),
    ("mei", "Mei Wang", Role.AGENT, {"lumi": "Mia", "qinghe": "阿禾"}),
)
_FORM = [
    {"name": "name", "required": False},
    {"name": "email", "required": False},
    {"name": "topic", "required": False},
]
WIDGETS: dict[str, dict[str, Any]] = {
    "lumi": {
        "color": "#b0306a",
        "greeting_en": "Hello! Ask us about ingredients, shades or your order.",
        "greeting_zh": "您好！成分、色号、订单，都可以问我们。",
        "sites": ["http://localhost:8080"],
    },
    "qinghe": {
        "color": "#2f6b4f",
        "greeting_zh": "您好，欢迎光临青禾家居。选品、尺寸、物流，随时为您解答。",
        "greeting_en": "Welcome to Qinghe Home. Ask us about sizes, materials or delivery.",
        "sites": ["http://localhost:8080"],
        "shows_typing": True,
    },
    "northwind": {
        "color": "#8a4b12",
        "greeting_en": "Planning a trip? We know our tents.",
        "greeting_zh": "准备出行吗？帐篷的问题尽管问。",
        "sites": ["http://localhost:8080"],
        "fields": _FORM,
        "consent_en": "You may use what I write here to answer me.",
        "consent_zh": "我同意贵店为答复我而使用我在此填写的内容。",
    },
}
SELLER = ("qi", "秦掌柜", "qinghe")
OPERATOR = ("operator", "Operator")


def demo_agency() -> Agency | None:
    return Agency.objects.filter(slug=SLUG).first()


def make_demo(base_host: str, *, now: datetime | None = None) -> bool:
    """Makes the demo once; False when it stands already. A run that was killed half-way is taken up again."""
    now = now or timezone.now()
    agency, people = _make_people(base_host)
    fresh = False
    for slug, name, marketplace, zone in STORES:
        store = Store.objects.filter(slug=slug, agency=agency).first()
        if store is None or store.state != Store.State.OPEN:
            store = open_store(agency, slug=slug, name=name, marketplace=marketplace, time_zone=zone, now=now)
            if store.state != Store.State.OPEN:
                raise RuntimeError(f"the demo store {slug} did not open: {store.failure}")
        _assign_people(store, people)
        _set_up_widget(store, now)
        fresh |= _fill(store, people, now)
    stores = list(Store.objects.filter(agency=agency, slug__in=[slug for slug, *_more in STORES]))
    make_sops(agency, stores, lead=people["ann"], agent=people["bo"], now=now)
    make_articles(agency.pk, stores, author=people["ann"], now=now)
    make_replies(agency.pk, stores, lead=people["ann"], agent=people["bo"], now=now)
    make_exams(agency.pk, stores, lead=people["ann"], agents=[people["bo"], people["mei"]], now=now)
    make_events(agency.pk, stores, lead=people["ann"], lent=people["mei"], now=now)
    _set_routing(agency, people["ann"], now)
    return fresh


def _set_routing(agency: Agency, lead: User, now: datetime) -> None:
    """Once: a rule to begin with."""
    if not rules_of_agency(agency.pk):
        values = {"name": "退款不换人", "categories": [Category.REFUND.value], "keep_min": 3}
        save_rule(agency.pk, None, values, by=lead, now=now)


def _set_up_widget(store: Store, now: datetime) -> None:
    """Once: what somebody has changed since stays."""
    with in_store(store):
        if widget_of() is None:
            set_widget(WIDGETS[store.slug], now=now)


def sign_ins() -> dict[str, Any]:
    """What `make up` prints: addresses, people and their password."""
    agency = Agency.objects.get(slug=SLUG)
    desk = url_of(agency.domains.get().domain)
    shops = {store.slug: (store.name, url_of(store.domains.get().domain)) for store in agency.stores.order_by("pk")}
    operator = url_of(Domain.objects.get(agency=agency).domain.removeprefix(f"{SLUG}."))
    people = [
        {"label": f"{name}, {role.lower()} of {agency.name}", "email": _email(who), "password": PASSWORD, "url": desk}
        for who, name, role, _stores in PEOPLE
    ]
    who, name, shop = SELLER
    people.append(
        {
            "label": f"{name}, seller of {shops[shop][0]}",
            "email": _email(who),
            "password": PASSWORD,
            "url": shops[shop][1],
        }
    )
    people.append({"label": "operator", "email": _email(OPERATOR[0]), "password": PASSWORD, "url": operator})
    return {
        "addresses": [
            {"label": f"the desk of {agency.name}", "url": desk},
            *({"label": name, "url": url} for name, url in shops.values()),
            {"label": "the API", "url": f"{desk}api/docs/"},
            {"label": "the operator's stores", "url": operator},
        ],
        "people": people,
    }


CONNECTOR = "demo connector"


@contextmanager
def connector_token(agency: Agency) -> Iterator[str]:
    """A token for as long as a local program runs, acting for the agency's lead. One that was killed left is ended."""
    lead = Membership.objects.filter(agency=agency, role=Role.LEAD).select_related("user")[0].user
    revoke_named(agency, CONNECTOR, now=timezone.now())
    _token, secret = issue_token(lead, name=CONNECTOR, scope=ApiToken.Scope.WRITE, agency=agency)
    try:
        yield secret
    finally:
        close_old_connections()  # PostgreSQL may have been restarted since
        with suppress(OperationalError, InterfaceError):
            revoke_named(agency, CONNECTOR, now=timezone.now())


def _email(who: str) -> str:
    return f"{who}@north.example"


@transaction.atomic
def _make_people(base_host: str) -> tuple[Agency, dict[str, User]]:
    agency, _new = Agency.objects.get_or_create(slug=SLUG, defaults={"name": "North Star Agency"})
    Domain.objects.get_or_create(domain=f"{SLUG}.{base_host}", defaults={"agency": agency})
    people = {}
    for who, name in [(p[0], p[1]) for p in PEOPLE] + [SELLER[:2], OPERATOR]:
        user = User.objects.filter(email=_email(who)).first()
        people[who] = user or User.objects.create_user(
            _email(who), PASSWORD, name=name, is_superuser=who == OPERATOR[0], is_staff=who == OPERATOR[0]
        )
    for who, _name, role, _stores in PEOPLE:
        Membership.objects.get_or_create(user=people[who], agency=agency, defaults={"role": role})
    return agency, people


def _assign_people(store: Store, people: dict[str, User]) -> None:
    for who, _name, _role, stores in PEOPLE:
        if store.slug in stores:
            Assignment.objects.get_or_create(
                user=people[who], store=store, defaults={"role": Role.AGENT, "alias": stores[store.slug]}
            )
    if store.slug == SELLER[2]:
        Assignment.objects.get_or_create(user=people[SELLER[0]], store=store, defaults={"role": Role.SELLER})


def _fill(store: Store, people: dict[str, User], now: datetime) -> bool:
    """The store's tickets, all or none."""
    texts = [item for item in json.loads(TEXTS.read_text(encoding="utf-8")) if item["store"] == store.slug]
    texts.sort(key=lambda item: -item["turns"][0]["minutes_ago"])
    with in_store(store):
        if Ticket.objects.exists():
            return False
        with transaction.atomic():
            for item in texts:
                _tell(store, item, people, now)
    return True


def _tell(store: Store, item: dict[str, Any], people: dict[str, User], now: datetime) -> None:
    """One ticket, turn by turn, each at its own time."""
    number = 0
    for position, turn in enumerate(item["turns"]):
        at = now - timedelta(minutes=turn["minutes_ago"])
        key = f"demo-{item['buyer']['external_id']}-{position}"
        if turn["from"] == "buyer":
            number = receive_message(_incoming(store, item, turn["text"], key), now=at).ticket_number
            continue
        ticket = Ticket.objects.select_for_update().get(number=number)
        author = people[turn["by"]]
        if turn["from"] == "note":
            add_note(ticket, author=author, body=turn["text"], client_key=key, now=at)
        else:
            reply_to_ticket(ticket, author=author, body=turn["text"], client_key=key, seen_seq=None, now=at)
    last = now - timedelta(minutes=item["turns"][-1]["minutes_ago"])
    ticket = Ticket.objects.select_for_update().get(number=number)
    assign(ticket, to=people.get(item["assignee"] or ""), by=people["ann"], now=last)
    for message in ticket.messages.filter(delivery=Message.Delivery.PENDING):
        reached = Message.Delivery.SENT if ticket.channel == Channel.EMAIL else Message.Delivery.READ
        note_delivery(message.pk, reached, now=message.created_at + timedelta(seconds=30), by="demo")
    if item["state"] == "closed":
        close(ticket, by=ticket.assignee or people["ann"], now=last + timedelta(minutes=5))
    # Those who are too late now were too late then: not something that happened this second.
    QueueEntry.objects.filter(store=store, ticket_number=number, due_at__lte=now).update(breached_at=now)


def _incoming(store: Store, item: dict[str, Any], text: str, key: str) -> IncomingMessage:
    buyer = item["buyer"]
    return IncomingMessage(
        channel=default_channel(store.marketplace),
        external_id=key,
        customer_id=buyer["external_id"],
        customer_name=buyer["name"],
        customer_email=buyer["email"] or "",
        language=buyer["language"],
        text=text,
        subject=item["subject"] or "",
        category=item["category"],
        priority=PRIORITIES[item["priority"]],
    )
