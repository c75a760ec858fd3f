"""The gate to pictures: for members of the agency all of them; in a store what a text that runs there shows."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from knowledge.content.pictures import pictures_in
from knowledge.models import Audience, Kind, Picture, Publication
from tenants.access import Action, Caller, is_at_home, may, store_of, stores_for
from tenants.errors import NotFound
from tenants.hosts import Kind as Host
from tenants.models import Store


def picture_for(caller: Caller, pk: UUID) -> Picture:
    """A picture to show to this person at this place; `caller` may be nobody. At most four queries. Raises NotFound."""
    picture = Picture.objects.filter(pk=pk, agency=caller.place.agency_id).first()
    if picture is None or not _may_see(caller, picture):
        raise NotFound(field="picture")
    return picture


def pictures_of(agency_id: int, ids: Collection[UUID]) -> list[Picture]:
    """These of the agency's, in the order asked; for those who came past a gate to the text that shows them."""
    found = {picture.pk: picture for picture in Picture.objects.filter(agency=agency_id, pk__in=ids)} if ids else {}
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


def content_of(picture: Picture) -> bytes:
    with picture.file.open("rb") as whole:
        return bytes(whole.read())


def kept_picture(agency_id: int, named: str) -> bool:
    """Whether `picture:<id>` names one of the agency's. One query."""
    ids = pictures_in({"body": f"({named})"})
    return bool(ids) and Picture.objects.filter(agency=agency_id, pk=ids[0]).exists()


def is_public(caller: Caller, picture: Picture) -> bool:
    """Whether it is in an article that this store shows to everybody."""
    store = store_of(caller.place)
    return store is not None and _runs(store, picture, Q(item__kind=Kind.ARTICLE, item__audience=Audience.PUBLIC))


def _may_see(caller: Caller, picture: Picture) -> bool:
    is_somebody = caller.person.is_authenticated and caller.token is None
    if caller.place.kind == Host.AGENCY:
        return is_somebody and is_at_home(caller.person, caller.place)
    for store in stores_for(caller) if is_somebody else []:
        if may(store, Action.NOTE):  # the agency's own people
            return True
        # As knowledge.queries.held: what is the agency's own, and quick replies, are not the seller's to read.
        return _runs(
            store, picture, ~Q(item__audience=Audience.STAFF, item__kind=Kind.ARTICLE) & ~Q(item__kind=Kind.REPLY)
        )
    return is_public(caller, picture)


def _runs(store: Store, picture: Picture, wanted: Q) -> bool:
    """Whether a text that the store runs shows it: its own, where it has written one, else the version."""
    published = Q(override__isnull=True, version__pictures__contains=[picture.pk])
    own = Q(override__isnull=False, own_text__icontains=str(picture.pk))
    texts = Publication.objects.annotate(own_text=Cast("override", TextField()))
    return texts.filter(wanted, published | own, store=store).exists()
