"""What an item says, by its kind: JSON in, a frozen value out. Pure: no table is read here.

`read` is the only door: what a version or an override holds has passed it, and what passed it can be shown, run, sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from knowledge.content.article import Article, read_article
from knowledge.content.reply import Reply, read_reply
from knowledge.content.sop import Sop, read_sop
from tenants.errors import Invalid

Content = Sop | Article | Reply
_READERS: Mapping[str, Callable[[Mapping[str, Any]], Content]] = {
    "sop": read_sop,
    "article": read_article,
    "reply": read_reply,
}


def read(kind: str, data: object) -> Content:
    """The content of that kind. Raises Invalid with the field, `steps.2.title.zh`."""
    if not isinstance(data, Mapping):
        raise Invalid(_("This is not the content of an item."), field="content")
    return _READERS[kind](data)


def write(content: Content) -> dict[str, Any]:
    """As JSON keeps it, lists and not tuples: `read` of it is the same value."""
    written: dict[str, Any] = json.loads(json.dumps(asdict(content)))
    return written


__all__ = ["Article", "Content", "Reply", "Sop", "read", "write"]
