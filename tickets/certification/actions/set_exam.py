"""save_exam: what an exam is about and how it is taken. set_state: whether it can be taken, and is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from knowledge.models import Item, Kind, Layer
from tenants.actions.log_change import Seen, log_change, require_unchanged
from tenants.errors import Conflict, Invalid
from tenants.models import Store, User
from tickets.certification.models import Exam, ExamSop, ExamStore
from tickets.certification.queries.exams import count_on, sops_chosen, stores_chosen

PLAIN: Final = ("name_zh", "name_en", "all_stores", "pass_mark", "asks", "minutes", "wait_minutes")
BOUNDS: Final = {"pass_mark": (1, 100), "asks": (1, 100), "minutes": (1, 240), "wait_minutes": (0, 43_200)}
TAKEN: Final = (Exam.State.OPEN, Exam.State.ASKED)


@transaction.atomic
def save_exam(
    agency_id: int,
    exam: Exam | None,
    values: Mapping[str, Any],
    *,
    by: User,
    now: datetime,
    seen: Seen | None = None,
) -> Exam:
    """`values`: the fields of PLAIN, `stores` and `sops` by number. Raises Invalid with the field at fault; Conflict
    where what was `seen` has changed.
    """
    stores, sops = set(values["stores"]), set(values["sops"])
    if exam is not None and seen is not None:
        require_unchanged(exam, agency_id=agency_id, seen=seen)
    if exam is not None:  # as it stands now: its state may have changed since the page was read
        exam = Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)
    _check(agency_id, exam, values, stores, sops)
    before = _as_logged(exam) if exam is not None else {}
    exam = exam or Exam(agency_id=agency_id)
    for name in PLAIN:
        setattr(exam, name, values[name])
    exam.changed_at = now
    exam.save()
    _choose(exam, ExamStore, "store_id", set() if exam.all_stores else stores)
    _choose(exam, ExamSop, "item_id", sops)
    log_change(exam, agency_id=agency_id, by=by, now=now, before=before, after=_as_logged(exam))
    return exam


def _check(agency_id: int, exam: Exam | None, values: Mapping[str, Any], stores: set[int], sops: set[int]) -> None:
    if not values["name_zh"].strip() and not values["name_en"].strip():
        raise Invalid(_("It needs a name in one of the languages."), field="name_zh")
    for name, (least, most) in BOUNDS.items():
        if not least <= values[name] <= most:
            raise Invalid(_("Between %(least)d and %(most)d.") % {"least": least, "most": most}, field=name)
    if not values["all_stores"]:
        may_ask = Q(state=Store.State.OPEN) | Q(pk__in=stores_chosen(exam) if exam else ())  # suspended meanwhile
        there = Store.objects.filter(may_ask, agency_id=agency_id, pk__in=stores).count()
        if not stores or there != len(stores):
            raise Invalid(_("Choose the stores that ask for it, or all of them."), field="stores")
    theirs = Item.objects.filter(agency_id=agency_id, kind=Kind.SOP, pk__in=sops).exclude(layer=Layer.PERSONAL)
    if theirs.count() != len(sops):
        raise Invalid(_("There is no such SOP."), field="sops")
    if exam is not None and exam.state in TAKEN:
        _enough(count_on(exam), values["asks"])


def _enough(there: int, asks: int) -> None:
    """Raises Invalid where a sitting would ask for more questions than there are."""
    if there < asks:
        told = _("A sitting draws %(asks)d questions, and %(there)d are on: write more of them, or draw fewer.")
        raise Invalid(told % {"asks": asks, "there": there}, field="asks")


def _choose(exam: Exam, model: Any, column: str, wanted: set[int]) -> None:
    rows = model.objects.filter(exam=exam)
    there = set(rows.values_list(column, flat=True))
    rows.filter(**{f"{column}__in": there - wanted}).delete()
    model.objects.bulk_create(
        model(agency_id=exam.agency_id, exam=exam, **{column: pk}) for pk in sorted(wanted - there)
    )


def _as_logged(exam: Exam) -> dict[str, Any]:
    kept = Exam.objects.get(pk=exam.pk)
    return {**{name: getattr(kept, name) for name in PLAIN}, "stores": stores_chosen(kept), "sops": sops_chosen(kept)}


@transaction.atomic
def set_state(exam: Exam, state: str, *, by: User, now: datetime) -> Exam:
    """Raises Invalid for what is no state and where there are too few questions; Conflict to write anew what was sat.

    Who sits it goes on to the end; retired, it is asked for by nobody, and certificates stay.
    """
    exam = Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)
    if state not in Exam.State.values:
        raise Invalid(field="state")
    if state == exam.state:
        return exam
    if state == Exam.State.DRAFT:
        raise Conflict(_("It was open: retire it instead."))
    if state in TAKEN:
        _enough(count_on(exam), exam.asks)
    before, exam.state, exam.changed_at = exam.state, state, now
    exam.save(update_fields=["state", "changed_at"])
    log_change(exam, agency_id=exam.agency_id, by=by, now=now, before={"state": before}, after={"state": state})
    return exam
