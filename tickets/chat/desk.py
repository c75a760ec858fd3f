"""One desk's side of the chats that it has open: each frame passes the gate, is done in its store, and is answered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils import translation

from tenants.access import Action, Caller, may, store_by_pk_for
from tenants.clock import database_now
from tenants.context import at, in_store
from tenants.errors import DomainError, Unavailable, as_domain_error
from tenants.hearing import Brought
from tenants.models import Store
from tickets.actions.mark_read import desk_saw
from tickets.actions.record import Overtaken
from tickets.actions.reply import TicketMovedOn, reply_to_ticket
from tickets.chat import protocol
from tickets.chat.protocol import DeskFrame, DeskPing, DeskSeen, DeskTyping, Reply, Unwatch, Watch
from tickets.models import Message, Ticket
from tickets.queries.chat import draft_of, messages_for_desk, own_word, store_and_missed, told_at
from tickets.queries.gate import locked, may_read_notes, ticket_for
from tickets.queries.names import names_for

Out = list[dict[str, Any]]
Key = tuple[int, int]  # (store, ticket)


@dataclass
class Watched:
    """A chat that this desk has open. `have` is None where the desk reads for itself and wants hints only."""

    have: int | None
    lookers: dict[int, float] = field(default_factory=dict)  # person → when last heard of


class DeskSide:
    """Everything that a desk's socket does in a store. Lives as long as the socket; called from outside of a place."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.language = caller.person.language or "zh-hans"
        self.watched: dict[Key, Watched] = {}

    def answer(self, raw: str | Mapping[str, Any]) -> Out:
        """What one frame, as it came, is answered with. Nothing of what it holds can raise."""
        with translation.override(self.language):
            where: dict[str, Any] = {}
            try:
                frame = protocol.read_desk(raw)
                where = {"store": frame.store, "ticket": frame.ticket} if not isinstance(frame, DeskPing) else {}
                with at(self.caller.place):
                    return self._answer(frame)
            except TicketMovedOn as error:
                kind, client_id = protocol.named(raw)
                refusal = protocol.refused(error, of=kind, client_id=client_id, **where)
                missed = self.look((where["store"], where["ticket"]), after=error.details["seen_seq"])
                return [{**refusal, "missed": [item for frame in missed for item in frame["items"]]}]
            except (DomainError, OperationalError, InterfaceError) as error:
                kind, client_id = protocol.named(raw)
                refusal_for = as_domain_error(error) or Unavailable()
                return [protocol.refused(refusal_for, of=kind, client_id=client_id, **where)]

    def look(self, key: Key, *, after: int | None = None) -> Out:
        """Messages of a chat beyond `after`, or beyond what the desk has; none where the gate is shut."""
        watched = self.watched.get(key)
        begin = after if after is not None else watched.have if watched else None
        if begin is None:
            return []
        try:
            with at(self.caller.place):
                return self._missed(key, begin, watched if after is None else None)
        except (DomainError, OperationalError, InterfaceError):
            return []

    def take(self, key: Key, brought: Brought) -> Out:
        """What a hint has brought along, where it is for this person and next; none, and they look. Without a query.

        Whoever wrote it has asked the gate for them.
        """
        watched, item = self.watched.get(key), brought["item"]
        is_next = watched is not None and watched.have is not None and item["seq"] == watched.have + 1
        if watched is None or not is_next or brought["for"] != self.caller.person.pk:
            return []
        watched.have = item["seq"]
        return [{"type": "messages", "store": key[0], "ticket": key[1], "items": [item]}]

    def preview(self, key: Key) -> str:
        """What the buyer is typing, where it is kept and the desk may see it."""
        try:
            with at(self.caller.place), in_store(store_by_pk_for(self.caller, key[0], Action.REPLY)):
                return draft_of(key[1], database_now())
        except (DomainError, OperationalError, InterfaceError):
            return ""

    def names(self, store_id: int, people: list[int]) -> list[str]:
        """What this reader may call these people; nobody, where the agency's roster is not theirs to see."""
        try:
            with at(self.caller.place):
                return names_for(store_by_pk_for(self.caller, store_id, Action.VIEW), people)
        except (DomainError, OperationalError, InterfaceError):
            return []

    # ------------------------------------------------------------ frames

    def _answer(self, frame: DeskFrame) -> Out:
        match frame:
            case Watch():
                return self._watch(frame)
            case Unwatch():
                self.watched.pop((frame.store, frame.ticket), None)
                return []
            case DeskPing():
                return self._ping()
            case Reply():
                return self._reply(frame)
            case DeskSeen():
                store = store_by_pk_for(self.caller, frame.store, Action.REPLY)
                with in_store(store):
                    desk_saw(
                        ticket_for(self.caller, store, frame.ticket, Action.REPLY), has=frame.read, read=frame.read
                    )
                return []
            case DeskTyping():
                store_by_pk_for(self.caller, frame.store, Action.REPLY)
                return []

    def _watch(self, frame: Watch) -> Out:
        store = store_by_pk_for(self.caller, frame.store, Action.VIEW)
        with in_store(store):
            ticket = ticket_for(self.caller, store, frame.ticket, Action.VIEW)
            have = None if frame.have is None else min(frame.have, ticket.last_seq)
            watched = Watched(have)
            self.watched[frame.store, frame.ticket] = watched
            if may(store, Action.REPLY):
                desk_saw(ticket, has=ticket.last_seq)
            return [] if have is None else self._messages(store, frame.ticket, have, watched)

    def _ping(self) -> Out:
        """A live socket loses no frame: what is sent is what lies behind what was sent before."""
        out: Out = []
        for key, watched in self.watched.items():
            if watched.have is not None:
                with suppress(DomainError):  # a store that is no longer theirs keeps back nothing of the others
                    out += self._missed(key, watched.have, watched)
        return [*out, {"type": "pong"}]

    def _missed(self, key: Key, after: int, watched: Watched | None) -> Out:
        """Gate and messages, in one query where the connection was in the store before."""
        store, items = store_and_missed(self.caller, key[0], key[1], after=after)
        if items is not None:
            return self._frames(store, key[1], items, watched)
        with in_store(store):
            return self._messages(store, key[1], after, watched)

    def _reply(self, frame: Reply) -> Out:
        store = store_by_pk_for(self.caller, frame.store, Action.REPLY)
        now = database_now()
        with in_store(store):
            try:
                said = self._said(ticket_for(self.caller, store, frame.ticket, Action.REPLY), frame, now)
            except Overtaken:
                with locked(self.caller, store, frame.ticket, Action.REPLY) as ticket:
                    said = self._said(ticket, frame, now)
            return [self._sent(frame, said), *self._answered(store, frame, said)]

    def _said(self, ticket: Ticket, frame: Reply, now: datetime) -> Message:
        return reply_to_ticket(
            ticket,
            author=self.caller.person,
            body=frame.text,
            client_key=frame.client_id,
            seen_seq=frame.seen,
            card=frame.card,
            now=now,
        )

    def _sent(self, frame: Reply, said: Message) -> dict[str, Any]:
        about = {"client_id": frame.client_id, "store": frame.store, "ticket": frame.ticket}
        return {"type": "sent", **about, "seq": said.seq, "at": told_at(said.created_at)}

    def _answered(self, store: Store, frame: Reply, said: Message) -> Out:
        """The answer itself, with what else was missed."""
        watched = self.watched.get((frame.store, frame.ticket))
        if watched is None or watched.have is None:
            return []
        if said.seq != watched.have + 1 or not may(store, Action.ASSIGN):
            return self._messages(store, frame.ticket, watched.have, watched)
        watched.have = said.seq  # nothing else was missed, and a colleague's name is their own
        name, at_ = self.caller.person.name or self.caller.person.email, said.created_at
        item = own_word(said.seq, said.kind, said.body, author=name, client_id=said.client_key, at=at_, card=said.card)
        return [{"type": "messages", "store": frame.store, "ticket": frame.ticket, "items": [item]}]

    def _messages(self, store: Store, ticket: int, after: int, watched: Watched | None) -> Out:
        notes, names = may_read_notes(self.caller, store), may(store, Action.ASSIGN)
        return self._frames(store, ticket, messages_for_desk(ticket, after=after, notes=notes, names=names), watched)

    def _frames(self, store: Store, ticket: int, items: list[Any], watched: Watched | None) -> Out:
        if not items:
            return []
        if watched is not None:
            watched.have = max(watched.have or 0, items[-1]["seq"])
        return [{"type": "messages", "store": store.pk, "ticket": ticket, "items": items}]
