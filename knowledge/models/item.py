"""An item of the library: an SOP, an article or a quick reply. Its text is in immutable versions and in one draft."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from knowledge.categories import Category
from tenants.models import Agency, Store, Team
from tenants.models.grants import Grants


class Kind(models.TextChoices):
    SOP = "sop", _("SOP")
    ARTICLE = "article", _("article")
    REPLY = "reply", _("quick reply")


class Layer(models.TextChoices):
    """Whose an item is. Personal and team items are used at once; all others where they were published."""

    PERSONAL = "personal", _("personal")
    TEAM = "team", _("team")
    AGENCY = "agency", _("agency")
    PLATFORM = "platform", _("platform")
    STORE = "store", _("store")


class Audience(models.TextChoices):
    """Who may read it, once it is published: each sees what those below see, and more."""

    STAFF = "staff", _("staff only")
    BOT = "bot", _("staff and the bot")
    PUBLIC = "public", _("everybody")


class Topic(models.TextChoices):
    """What an article is about."""

    PRODUCT = "product", _("product facts")
    LOGISTICS = "logistics", _("logistics")
    AFTER_SALES = "after_sales", _("after-sales terms")
    POLICY = "policy", _("policy")


class Item(models.Model):
    """What is said is in `latest` and `draft`; here is whose it is, where it belongs, and what lists show of it."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    layer = models.CharField(max_length=10, choices=Layer, default=Layer.AGENCY)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    marketplace = models.CharField(max_length=20, choices=Store.Marketplace, blank=True, help_text="Of the layer.")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    title_zh = models.CharField(max_length=200, blank=True, help_text="Of the draft, else of the latest version.")
    title_en = models.CharField(max_length=200, blank=True)
    folder = models.CharField(max_length=200, blank=True, help_text="Names from the outside in, with / between them.")
    topic = models.CharField(max_length=20, choices=Topic, blank=True)
    categories = ArrayField(models.CharField(max_length=20, choices=Category), default=list, blank=True)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.STAFF)
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    review_on = models.DateField(null=True, blank=True, help_text="When somebody should read it again.")

    # Rises with every change: who writes over a change that they have not seen is told so, and nothing is lost.
    revision = models.PositiveIntegerField(default=1)
    draft = models.JSONField(null=True, blank=True, help_text="As knowledge.content spells it.")
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    draft_at = models.DateTimeField(null=True, blank=True)
    rough = models.JSONField(
        null=True, blank=True, help_text="What was typed over the draft and is not sound yet; nobody runs or reads it."
    )
    latest = models.ForeignKey(
        "knowledge.Version", null=True, blank=True, on_delete=models.RESTRICT, related_name="+", editable=False
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    grants = Grants(desk="SELECT, INSERT, UPDATE", store="SELECT", reader="SELECT")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="item_layer_names_its_own",
                condition=(
                    Q(layer="personal", person__isnull=False, team__isnull=True, marketplace="", store__isnull=True)
                    | Q(layer="team", person__isnull=True, team__isnull=False, marketplace="", store__isnull=True)
                    | Q(layer="agency", person__isnull=True, team__isnull=True, marketplace="", store__isnull=True)
                    | (
                        Q(layer="platform", person__isnull=True, team__isnull=True, store__isnull=True)
                        & ~Q(marketplace="")
                    )
                    | Q(layer="store", person__isnull=True, team__isnull=True, marketplace="", store__isnull=False)
                ),
            ),
        ]
        indexes = [
            # The library's lists: one kind of an agency, latest changed first.
            models.Index(fields=["agency", "kind", "-changed_at"], name="item_of_agency"),
        ]

    def __str__(self) -> str:
        """What it is called in the reader's language, else in the other."""
        zh = (get_language() or "zh").startswith("zh")
        one, other = (self.title_zh, self.title_en) if zh else (self.title_en, self.title_zh)
        return one or other or gettext("Without a title")
