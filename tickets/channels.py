"""The ways a buyer can write, and how an answer travels back. Pure: no database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    TIKTOK_SHOP = "tiktok_shop", "TikTok Shop"
    TMALL = "tmall", _("Tmall")
    TAOBAO = "taobao", _("Taobao")
    DOUYIN = "douyin", _("Douyin")
    KUAISHOU = "kuaishou", _("Kuaishou")
    PINDUODUO = "pinduoduo", _("Pinduoduo")
    AMAZON = "amazon", "Amazon"
    EBAY = "ebay", "eBay"
    EMAIL = "email", _("E-mail")
    WIDGET = "widget", _("Chat widget")


# Channels that we carry ourselves: e-mail, and the widget, whose buyers are mailed what they did not stay for. The
# others wait in the outbox until the store's connector fetches them by API.
CARRIED_BY_US = frozenset({Channel.EMAIL, Channel.WIDGET})

# What a store's marketplace is called as a channel, where a message does not say.
DEFAULT_FOR_MARKETPLACE = {"web": Channel.EMAIL}

# Marketplaces whose buyers write Chinese, where their words do not tell.
IN_CHINESE = frozenset({Channel.TMALL, Channel.TAOBAO, Channel.DOUYIN, Channel.KUAISHOU, Channel.PINDUODUO})


def default_channel(marketplace: str) -> Channel:
    return DEFAULT_FOR_MARKETPLACE.get(marketplace) or Channel(marketplace)
