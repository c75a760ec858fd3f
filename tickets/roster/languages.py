"""The languages in which buyers of the marketplaces write, by their ISO 639-1 codes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    ZH = "zh", _("Chinese")
    EN = "en", _("English")
    TH = "th", _("Thai")
    ID = "id", _("Indonesian")
    VI = "vi", _("Vietnamese")
    MS = "ms", _("Malay")
    TL = "tl", _("Filipino")
    JA = "ja", _("Japanese")
    KO = "ko", _("Korean")
    ES = "es", _("Spanish")
    PT = "pt", _("Portuguese")
    DE = "de", _("German")
    FR = "fr", _("French")
    IT = "it", _("Italian")
    RU = "ru", _("Russian")
    AR = "ar", _("Arabic")
