"""Whether a message is a bare greeting: “Hi”, “在吗”, “您好”. Marketplaces count none as a reply. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 60  # characters: no bare greeting is longer, and no other text is taken apart

_GREETINGS: Final = (
    # Chinese
    *("您好", "你好", "您们好", "你们好", "大家好", "哈喽", "哈啰", "嗨", "嘿", "喂", "早上好", "上午好", "中午好"),
    *(
        "下午好",
        "晚上好",
        "早安",
        "晚安",
        "在吗",
        "在么",
        "在嘛",
        "在不在",
        "在不",
        "在的",
        "在呢",
        "在",
        "有人吗",
        "有人在吗",
    ),
    *("客服在吗", "亲亲", "亲爱的", "亲"),
    # English
    *("hi", "hello", "hey", "hiya", "hallo", "greetings", "good morning", "good afternoon", "good evening", "good day"),
    *("are you there", "anyone there", "anybody there"),
    # Thai, Indonesian, Vietnamese
    *("สวัสดี", "หวัดดี", "halo", "hai", "selamat pagi", "selamat siang", "selamat sore", "selamat malam"),
    *("xin chào", "chào bạn", "chào"),
)
# What may stand beside a greeting and makes it no more of an answer.
_BESIDE: Final = (
    *("呀", "啊", "哦", "噢", "呢", "哈", "哟", "哒", "的", "了"),
    *("there", "dear", "sir", "madam", "maam", "miss", "friend", "customer", "everyone", "team", "again"),
    *("ครับ", "ค่ะ", "คะ", "kak", "kakak", "gan", "sis", "ạ"),
)


def _any_of(words: tuple[str, ...]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(rf"{re.escape(word)}(?![a-z])" for word in longest_first)


_BARE: Final = re.compile(
    rf"(?:(?:{_any_of(_BESIDE)}) ?)*+(?:(?:{_any_of(_GREETINGS)}) ?(?:(?:{_any_of(_BESIDE)}) ?)*+)++"
)


def is_bare_greeting(text: str) -> bool:
    """Whether nothing but greetings is said. Marks, emoji and capitals mean nothing; an empty text is no greeting."""
    if len(text) > LONGEST:
        return False
    return _BARE.fullmatch(_bare_of_marks(text)) is not None


def _bare_of_marks(text: str) -> str:
    """Small letters, marks and numbers with one space between."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" and not _is_joiner(sign) else " " for sign in plain)
    return " ".join(kept.split())


def _is_joiner(sign: str) -> bool:
    """What emoji are made of."""
    return "\ufe00" <= sign <= "\ufe0f" or sign == "\u20e3"
