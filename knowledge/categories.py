"""问题分类: the classes of a buyer's matter. SOPs are attached by them, tickets are of one, reports count by them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    PRE_SALE = "pre_sale", _("before buying")
    LOGISTICS = "logistics", _("logistics")
    QUALITY = "quality", _("quality")
    SIZE = "size", _("size")
    USAGE = "usage", _("usage")
    REFUND = "refund", _("refund")
    COUNTERFEIT = "counterfeit", _("counterfeit")
    AD_MISMATCH = "ad_mismatch", _("not as advertised")
    ACCOUNT_PAYMENT = "account_payment", _("account and payment")
    NEGATIVE_REVIEW = "negative_review", _("negative review")
    LIVE_STREAM = "live_stream", _("live stream")
