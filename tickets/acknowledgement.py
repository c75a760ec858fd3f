"""The automatic word that a buyer's message has arrived, in the buyer's language, true about the wait. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LETTERS = re.compile(r"[^\W\d_]")


def language_of(text: str) -> str:
    """zh where a good part of the letters is Han and none is kana or Hangul, en where there are other letters.

    Empty for a message without letters (emoji, an order number): it says nothing about its writer.
    """
    letters = len(_LETTERS.findall(text))
    if not letters:
        return ""
    return "zh" if len(_HAN.findall(text)) * 4 >= letters and not _KANA_OR_HANGUL.search(text) else "en"


# While an event runs and nobody wrote words for it. What may be, and what is so: no promise.
_EVENT = {
    ("live", "zh"): "您好，您的消息已经收到。店铺正在直播，现在咨询的买家可能比较多，客服会按顺序回复您。",
    ("live", "en"): (
        "Thank you, your message has arrived. We are live right now and many buyers may be writing; "
        "a member of our team will answer you in turn."
    ),
    (
        "promotion",
        "zh",
    ): "您好，您的消息已经收到。店铺活动正在进行，现在咨询的买家可能比较多，客服会按顺序回复您。",
    ("promotion", "en"): (
        "Thank you, your message has arrived. A promotion is running and many buyers may be writing; "
        "a member of our team will answer you in turn."
    ),
}
_PROMISE = re.compile(
    r"[0-9０-９一二两三四五六七八九十半几数]+\s*(?:个)?\s*(?:秒|分钟|分|小时|钟头|刻)|立即|立刻|马上|即刻|秒回|瞬间"
    r"|\b(?:\d+|one|two|three|five|ten|a few|few|half an?|an?)\s*-?\s*(?:sec|second|min|minute|hour|hr)s?\b"
    r"|\b(?:immediately|instantly|right away|at once|straight away|asap)\b",
    re.IGNORECASE,
)


def promises_a_time(words: str) -> bool:
    """Whether a text names a wait. Words that are written beforehand can't know it; what is measured is added."""
    return _PROMISE.search(words) is not None


def event_words(kind: str, language: str) -> str:
    """What a buyer is told while a live stream or a promotion runs."""
    return _EVENT[kind, "zh" if language == "zh" else "en"]


def acknowledgement(language: str, wait: timedelta | None, own: str = "") -> str:
    """What the buyer is told. Without a measured wait no time is named, because none would be true.

    `own`: words in place of the usual ones, which promise no time; what was measured is told behind them as well.
    """
    if own:
        return own + _measured(language, wait)
    if language == "zh":
        if wait is None:
            return "您好，您的消息已经收到，客服会尽快回复您，请稍等。"
        return f"您好，您的消息已经收到，客服会尽快回复您。最近一小时，大多数买家在{_in_chinese(wait)}内得到了回复。"
    if wait is None:
        return "Thank you, your message has arrived. A member of our team will answer you as soon as we can."
    return (
        "Thank you, your message has arrived and a member of our team will answer you. "
        f"Over the last hour, most buyers had an answer within {_in_english(wait)}."
    )


def _measured(language: str, wait: timedelta | None) -> str:
    if wait is None:
        return ""
    if language == "zh":
        return f"最近一小时，大多数买家在{_in_chinese(wait)}内得到了回复。"
    return f" Over the last hour, most buyers had an answer within {_in_english(wait)}."


def delay_notice(language: str, wait: timedelta | None) -> str:
    """Word that it takes longer, before the promise is missed. As true as the acknowledgement, and no answer."""
    if language == "zh":
        told = "" if wait is None else f"最近一小时，大多数买家在{_in_chinese(wait)}内得到了回复。"
        return f"很抱歉让您久等了。您的消息还在排队，客服还没有来得及回复您，您不需要重新发送。{told}"
    told = "" if wait is None else f" Over the last hour, most buyers had an answer within {_in_english(wait)}."
    return (
        "We are sorry to keep you waiting. Your message is still in the queue and nobody has been able to answer it "
        f"yet; there is no need to send it again.{told}"
    )


def _in_chinese(wait: timedelta) -> str:
    hours, minutes = divmod(int(wait.total_seconds()) // 60, 60)
    return (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes else "")


def _in_english(wait: timedelta) -> str:
    hours, minutes = divmod(int(wait.total_seconds()) // 60, 60)
    parts = []
    if hours:
        parts.append(f"{hours} hour" + "s" * (hours > 1))
    if minutes:
        parts.append(f"{minutes} minute" + "s" * (minutes > 1))
    return " ".join(parts)
