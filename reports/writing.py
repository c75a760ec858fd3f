"""How figures are written, in either language."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float | None) -> str:
    """45 s, 2 min 30 s, 1 h 15 min, 3 d 12 h: two parts at most; a dash for what is not known."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < _MINUTE:
        return _("%(s)d s") % {"s": whole}
    if whole < _HOUR:
        return _joined(_("%(m)d min") % {"m": whole // _MINUTE}, _("%(s)d s") % {"s": whole % _MINUTE}, whole % _MINUTE)
    if whole < _DAY:
        minutes = whole % _HOUR // _MINUTE
        return _joined(_("%(h)d h") % {"h": whole // _HOUR}, _("%(m)d min") % {"m": minutes}, minutes)
    hours = whole % _DAY // _HOUR
    return _joined(_("%(d)d d") % {"d": whole // _DAY}, _("%(h)d h") % {"h": hours}, hours)


def _joined(first: str, second: str, worth: int) -> str:
    return f"{first} {second}" if worth else first


def percent(share: float | None) -> str:
    """94 %; below one, and close to all, with a decimal: 99.7 % is not 100 %."""
    if share is None:
        return "–"
    value = share * 100
    decimals = 1 if 0 < value < 10 or 99 <= value < 100 else 0
    if decimals and value > 99:
        value = min(value, 99.9)
    return pgettext("a share", "%(n)s %%") % {"n": number_format(value, decimals) if decimals else round(value)}


def change(share: float | None) -> str:
    """+12 %, −3 %, ±0 % for as many as before."""
    if share is None:
        return ""
    value = round(share * 100)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return sign + pgettext("a share", "%(n)s %%") % {"n": number_format(abs(value), 0)}
