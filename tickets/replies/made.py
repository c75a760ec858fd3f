"""What an answer was made of, as its form says: quick replies and their pictures, as far as the store holds them."""

from __future__ import annotations

from uuid import UUID

from knowledge.queries.held import held_in
from knowledge.queries.pictures import content_of, pictures_of
from knowledge.queries.replies import held_replies
from tenants.access import Action, may, store_for
from tenants.middleware import DeskRequest
from tickets.incoming import Upload
from tickets.replies import forms


def made_of(request: DeskRequest, slug: str) -> tuple[tuple[int, ...], tuple[Upload, ...]]:
    """The replies and articles to be counted, and pictures of replies as files. No query where none were used.

    A reply that was withdrawn meanwhile is not counted: the buyer waits, and the agent has the words. A picture of no
    reply that is held raises NoSuchPicture, for it can't be sent.
    """
    asked, wanted = forms.used_of(request), forms.pictures_of(request)
    if not asked and not wanted:
        return (), ()
    store = store_for(request.caller, slug, Action.NOTE if wanted else Action.REPLY)
    held = held_replies(request.caller, store, asked) if may(store, Action.NOTE) else {}
    shown = {UUID(name) for reply in held.values() for name in reply.pictures}
    pictures = pictures_of(store.agency_id, [pk for pk in wanted if pk in shown])
    if len(pictures) != len(wanted):
        raise forms.NoSuchPicture(field="picture")
    others = [item for item in asked if item not in held]
    articles = held_in(request.caller, store, kind="article", ids=others) if others else []
    counted = (*held, *(article.item_id for article in articles))
    return counted, tuple(Upload(picture.name, content_of(picture)) for picture in pictures)
