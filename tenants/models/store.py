"""店铺: one seller's store, its schema, and the hosts that lead to agencies and stores."""

import secrets

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.models.agency import Agency
from tenants.models.grants import Grants
from tenants.postgresql.base import Scope

BANDS = 8  # how many store colours static/css/tokens.css knows


def new_schema_name() -> str:
    """A name that says nothing and is never used twice: a store that takes an old slug must not find old rows."""
    return f"s_{secrets.token_hex(10)}"


class Store(TenantMixin):
    """A store and where its rows live. `tenants.actions` opens, suspends, archives and deletes it.

    Only an open one can be entered. The schema of an archived one has another name, and none of the processes' roles
    reaches it. What is being deleted can only be deleted to its end.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        TABLES_MADE = "tables_made", _("tables made")
        OPEN = "open", _("open")
        FAILED = "failed", _("failed")
        SUSPENDED = "suspended", _("suspended")
        ARCHIVED = "archived", _("archived")
        DELETING = "deleting", _("being deleted")
        MOVING_IN = "moving_in", _("being imported")

    class Marketplace(models.TextChoices):
        TIKTOK_SHOP = "tiktok_shop", "TikTok Shop"
        TMALL = "tmall", _("Tmall")
        TAOBAO = "taobao", _("Taobao")
        DOUYIN = "douyin", _("Douyin")
        KUAISHOU = "kuaishou", _("Kuaishou")
        PINDUODUO = "pinduoduo", _("Pinduoduo")
        AMAZON = "amazon", "Amazon"
        EBAY = "ebay", "eBay"
        WEB = "web", _("Web shop")

    # What the caller is to this store, and the role of the database that reads across stores of its agency.
    # tenants.access puts them here; a store that came past the gate has none.
    role: str | None = None
    reader: str | None = None
    # The scope in which the gate has just found it open: entering it at once need not ask again.
    proven: Scope | None = None

    auto_create_schema = False
    auto_drop_schema = False

    schema_name = models.CharField(
        max_length=63,
        unique=True,
        editable=False,
        default=new_schema_name,
        validators=[RegexValidator(r"\As_[0-9a-z]{4,40}\Z")],
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="stores")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    marketplace = models.CharField(_("marketplace"), max_length=20, choices=Marketplace)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    # What the desk paints beside everything that is this store's, so that nobody answers in the wrong voice.
    band = models.PositiveSmallIntegerField(_("colour"), default=0)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.REQUESTED)
    state_since = models.DateTimeField()
    state_by = models.CharField(max_length=200, blank=True, help_text="Who suspended, archived or restored it.")
    failure = models.TextField(blank=True, help_text="Why it is not open: what stopped its opening, or was said.")
    created_at = models.DateTimeField(auto_now_add=True)

    grants = Grants(
        door="SELECT (id, agency_id, name, band, state)",
        desk="SELECT, UPDATE (name, band, time_zone)",
        store="SELECT",
        reader="SELECT (id, agency_id)",
    )

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        # Read by access.stores_for: an agency's stores, and the sign-in page's.
        indexes = [models.Index(fields=["agency", "state"], name="store_by_agency")]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host and the one agency or the one store that it names. The operator's host is a setting and has no row."""

    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.CASCADE, related_name="domains")
    tenant = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="domains")

    grants = Grants(door="SELECT (domain, agency_id, tenant_id)", desk="SELECT", store="SELECT")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="domain_names_one",
                condition=models.Q(agency__isnull=False) ^ models.Q(tenant__isnull=False),
                violation_error_message=_("A host names one agency or one store."),
            )
        ]
