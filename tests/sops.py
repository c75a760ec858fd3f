"""SOPs for scenes: one with every kind of step, made, accepted and published in a store."""

from __future__ import annotations

from typing import Any

from knowledge.actions.make_version import make_version, sign_off
from knowledge.actions.write_item import Place, create_item
from knowledge.models import Item, Publication
from knowledge.queries.held import Held, held_item
from tenants.access import Action, store_by_pk_for
from tests.cast import NOON, Cast

REFUND: dict[str, Any] = {
    "title": {"zh": "退款流程", "en": "Refunds"},
    "purpose": {"zh": "先安抚，再给出两个选择。", "en": "Comfort first, then two options."},
    "steps": [
        {
            "key": "soothe",
            "kind": "send",
            "title": {"zh": "安抚", "en": "Comfort"},
            "words": {"zh": "{buyer}您好，给您添麻烦了。{order}", "en": "Hello {buyer}, we are sorry. {order}"},
            "edges": [{"to": "choose"}],
        },
        {
            "key": "choose",
            "kind": "ask",
            "title": {"zh": "买家要什么", "en": "What the buyer wants"},
            "evidence": [{"key": "sum", "label": {"zh": "金额", "en": "Amount"}, "kind": "number"}],
            "edges": [
                {"to": "shown", "label": {"zh": "退款", "en": "Money back"}},
                {"to": "", "label": {"zh": "不退了", "en": "Nothing"}},
            ],
        },
        {
            "key": "shown",
            "kind": "check",
            "title": {"zh": "有图吗", "en": "Is there a picture"},
            "edges": [{"to": "pay", "when": {"fact": "has_picture", "operator": "is", "value": "yes"}}, {"to": "wait"}],
        },
        {
            "key": "wait",
            "kind": "wait",
            "title": {"zh": "等图", "en": "Wait for it"},
            "wait_h": 24,
            "edges": [{"to": "pay"}],
        },
        {
            "key": "pay",
            "kind": "do",
            "title": {"zh": "退款", "en": "Refund"},
            "evidence": [
                {"key": "shot", "label": {"zh": "截图", "en": "Screenshot"}, "kind": "picture"},
                {"key": "link", "label": {"zh": "链接", "en": "Link"}, "kind": "link", "required": False},
                {"key": "sure", "label": {"zh": "已核对", "en": "Checked"}, "kind": "tick"},
            ],
        },
    ],
}


def make_sop(cast: Cast, content: Any = None, *, accepted: bool = True, **place: Any) -> Item:
    """An SOP of North's in its first version, accepted by Ann."""
    item = create_item(
        cast.north.pk, kind="sop", content=content or REFUND, place=Place(**place), author=cast.ann, now=NOON
    )
    version = make_version(item, revision=1, author=cast.ann, now=NOON)
    if accepted:
        sign_off(version, person=cast.ann, accepted=True, now=NOON)
    return item


def publish_in(cast: Cast, item: Item, *stores: Any) -> None:
    """As it stands after publishing: the stores run the latest version."""
    for store in stores or (cast.a,):
        Publication.objects.update_or_create(
            store=store,
            item=item,
            defaults={"version": item.latest, "published_by": cast.ann, "published_at": NOON},
        )


def held_by(cast: Cast, item: Item, who: str = "bo") -> Held:
    """The SOP as store A holds it for Bo."""
    caller = cast.caller(getattr(cast, who))
    return held_item(caller, store_by_pk_for(caller, cast.a.pk, Action.RUN_SOP), item.pk, kind="sop")
