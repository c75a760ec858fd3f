"""The quick replies that every agency can begin with: whole, in both languages, and in the tone that we teach."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from knowledge.actions.add_starters import add_starters, starters
from knowledge.content import Reply, read
from knowledge.models import Item
from tests.cast import NOON, Cast

ALL = list(starters("reply"))
# Blame for others, begging for reviews, leading out of the marketplace, promises without an end, 你.
NEVER_ZH = re.compile(
    "你|五星|好评返|求好评|给个好评|加.{0,2}微信|VX|QQ|快递的问题|物流的问题|您自己|绝对|百分百|亲亲|概不|马上到账"
)
NEVER_EN = re.compile("five.star|5.star|whatsapp|own fault|courier's fault|absolutely|guarantee|ASAP", re.IGNORECASE)


def content(starter: dict[str, Any]) -> Reply:
    return cast(Reply, read("reply", starter["content"]))


def named(starter: dict[str, Any]) -> str:
    return str(starter["content"]["title"]["zh"])


def test_there_are_enough_of_each() -> None:
    folders = [starter["folder"] for starter in ALL]
    assert len(ALL) >= 60
    assert min(folders.count(folder) for folder in set(folders)) >= 3
    assert len({named(starter) for starter in ALL}) == len(ALL)
    shortcuts = [content(starter).shortcut for starter in ALL if content(starter).shortcut]
    assert len(set(shortcuts)) == len(shortcuts)


@pytest.mark.parametrize("starter", ALL, ids=named)
def test_tone(starter: dict[str, Any]) -> None:
    reply = content(starter)
    assert reply.title.zh
    assert reply.title.en
    assert "您" in reply.body.zh
    assert not NEVER_ZH.search(reply.body.zh)
    assert not NEVER_EN.search(reply.body.en)
    assert set(re.findall(r"\{(\w+)\}", reply.body.zh)) >= set(re.findall(r"\{(\w+)\}", reply.body.en)) - {"buyer"}
    for words in (reply.body.zh, reply.body.en):
        assert ("\nA." in words or "A. " in words) == ("\nB." in words or "B. " in words), "an offer has two choices"


def test_an_agency_takes_them_once(cast: Cast) -> None:
    made = add_starters(cast.north.pk, "reply", author=cast.ann, now=NOON)
    assert len(made) == len(ALL)
    assert add_starters(cast.north.pk, "reply", author=cast.ann, now=NOON) == []
    assert Item.objects.filter(agency=cast.north, kind="reply", latest__isnull=False).count() == len(ALL)
    assert not Item.objects.filter(agency=cast.south).exists()
