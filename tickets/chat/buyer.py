"""One buyer's browser, whatever carries its frames: each is checked, done in its store, and answered in order.

A `BuyerSide` lives as long as its socket, or one request. Every call enters the store and leaves it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from tenants.access import store_of
from tenants.clock import database_now
from tenants.context import at, in_store
from tenants.errors import DomainError, NotFound, Unavailable, as_domain_error
from tenants.hearing import Brought
from tenants.hosts import Place
from tenants.models import Store
from tenants.postgresql.base import Unreachable
from tickets.actions.close import close
from tickets.actions.mark_read import buyer_saw, keep_draft
from tickets.actions.rate import ask_transcript, rate
from tickets.actions.receive import Received
from tickets.actions.say import say
from tickets.actions.visit import IntroduceFirst, introduce, recognise, write_down
from tickets.chat import protocol
from tickets.chat.protocol import (
    BuyerFrame,
    Earlier,
    End,
    Hello,
    Introduce,
    Ping,
    Rate,
    Say,
    Seen,
    Transcript,
    Typing,
)  # fmt: skip
from tickets.chat.sites import may_hold
from tickets.chat.visitor import identity_of
from tickets.incoming import Upload
from tickets.models import ChatWidget, Message, Ticket
from tickets.queries.brought import Answer
from tickets.queries.chat import (
    MOST_AT_ONCE,
    PAGE,
    Talk,
    messages_for_buyer,
    missed_by_buyer,
    own_word,
    state_of,
    talk_in,
    talk_of,
    told_at,
    widget_of,
)
from tickets.queries.gate import buyers_ticket

Out = list[dict[str, Any]]


class WrongKey(DomainError):
    code = "key"
    status = 404
    message = _("This chat is not available here.")


class TooFast(DomainError):
    code = "too_fast"
    status = 429
    message = _("That was too much at once. Wait a second and send it again.")


@dataclass(frozen=True)
class Widget:
    """What of the store's widget a frame needs to know."""

    asks_first: bool
    shows_typing: bool
    at: datetime | None = None  # when it was last changed


class BuyerSide:
    """Raises only for what no frame can answer; a refusal is a frame."""

    def __init__(self, place: Place, address: str = "") -> None:
        self.place = place
        self.address = address  # where the browser is, as far as it is known
        self.store: Store | None = None
        self.hello: Hello | None = None
        self.widget = Widget(asks_first=False, shows_typing=False)
        self.visitor: UUID | None = None
        self.conversation: UUID | None = None
        self.ticket: int | None = None
        self.have = 0
        self.is_over = False  # the widget was switched off meanwhile, or the store closed
        self.told: dict[str, Any] = {}  # the last state and receipts that were sent, by type

    @property
    def is_open(self) -> bool:
        """Whether the hello was taken."""
        return self.hello is not None

    def answer(self, raw: str | Mapping[str, Any], uploads: Sequence[Upload] = ()) -> Out:
        """What one frame, as it came, is answered with. Nothing of what it holds can raise. From outside of a place."""
        try:
            with at(self.place):
                return self.answer_here(raw, uploads)
        except (OperationalError, InterfaceError):
            kind, client_id = protocol.named(raw)
            return [protocol.refused(Unavailable(), of=kind, client_id=client_id)]

    def answer_here(self, raw: str | Mapping[str, Any], uploads: Sequence[Upload] = ()) -> Out:
        """The same for a request, which is at its place already."""
        language = self.hello.language if self.hello else "en"
        with translation.override("zh-hans" if language == "zh" else "en"):
            try:
                return self._answer(protocol.read_buyer(raw), uploads)
            except (DomainError, OperationalError, InterfaceError) as error:
                self.is_over = self.is_over or isinstance(error, Unreachable)
                kind, client_id = protocol.named(raw)
                refusal = as_domain_error(error) or Unavailable()
                return [protocol.refused(refusal, of=kind, client_id=client_id)]

    def look(self) -> Out:
        """What is new since the last answer, after a hint: messages, and state or receipts if they changed.

        Or that the widget is not available any more: then `is_over`.
        """
        if self.hello is None:
            return []
        try:
            with (
                at(self.place),
                talk_in(self._store(), self.hello.secret, conversation=self.conversation, after=self.have) as talk,
            ):
                self._check_widget(talk)
                return self._news(talk)
        except WrongKey as error:
            return [protocol.refused(error)]
        except (OperationalError, InterfaceError):
            return []  # the next ping asks again

    def take(self, brought: Brought) -> Out:
        """An answer that a hint has brought along, if a look would find it and nothing else; none, and they look.

        Without a query: whoever wrote it has asked for what their look would ask.
        """
        answer = Answer.of(brought)
        if not self._is_all(answer):
            return []
        self.have = answer.item["seq"]
        frames = [{"type": "messages", "conversation": str(self.conversation), "items": [answer.item]}]
        state = self._state_with(answer.holder)
        if state != self.told["state"]:
            self.told["state"] = state
            frames.append(state)
        told = self.told.get("receipts", {})  # marks of reading don't wait for answers, and may be ahead of this one's
        delivered, read = (max(told.get(name, 0), getattr(answer, name)) for name in ("delivered", "read"))
        receipts = {"type": "receipts", "delivered": delivered, "read": read}
        if told != receipts:
            self.told["receipts"] = receipts
            frames.append(receipts)
        return frames

    def _is_all(self, answer: Answer) -> bool:
        """Whether this browser has all that came before, and what else there is to tell stands beside the answer."""
        is_theirs = self.visitor in answer.visitors and answer.conversation == self.conversation
        is_next = answer.item["seq"] == self.have + 1
        is_held = answer.holder is not None and self.told.get("state", {}).get("is") in ("waiting", "with_agent")
        return is_theirs and is_next and is_held and answer.widget_at == self.widget.at

    def _state_with(self, alias: str | None) -> dict[str, Any]:
        """The state once somebody has them: they wait no more. Whether others are online is as it was told."""
        held = {"is": "with_agent", "agent": alias or self._store().name, "place": None, "wait_s": None, "full": False}
        return {**self.told["state"], **held}

    # ------------------------------------------------------------ frames

    def _answer(self, frame: BuyerFrame, uploads: Sequence[Upload]) -> Out:
        if isinstance(frame, Hello):
            return self._hello(frame)
        if self.hello is None:
            raise NotFound(field="hello")
        with talk_in(self._store(), self.hello.secret) as talk:
            return self._in_store(frame, talk, uploads)

    def _store(self) -> Store:
        if self.store is None:
            raise NotFound(field="store")
        return self.store

    def _hello(self, frame: Hello) -> Out:
        store = store_of(self.place)
        if store is None:
            raise WrongKey(field="key")
        now = database_now()
        with in_store(store):
            widget = self._open_widget(frame)
            identity = identity_of(frame.identity, widget.identity_secret, now=now) if frame.identity else None
            talk = recognise(frame.secret, identity, page=frame.page, now=now)
            self.store, self.hello = store, frame
            return [self._welcome(talk, frame)]

    def _welcome(self, talk: Talk | None, frame: Hello) -> dict[str, Any]:
        goes_on = talk is not None and talk.conversation is not None and talk.conversation == frame.conversation
        self._hold(talk)
        have = min(frame.have, talk.last_seq) if talk else 0  # after a restore, there may be less than they had
        if talk is None:
            items: list[Any] = []
        elif goes_on:
            items = messages_for_buyer(talk, after=have)
        else:
            items = messages_for_buyer(talk, latest=PAGE)
        self.have = max(items[-1]["seq"] if items else 0, have if goes_on else 0)
        state = self._state(talk)
        receipts = talk.receipts() if talk else {"type": "receipts", "delivered": 0, "read": 0}
        self.told = {"state": state, "receipts": receipts}
        return {
            "type": "welcome",
            "v": protocol.VERSION,
            "conversation": str(talk.conversation) if talk and talk.conversation else None,
            "messages": items,
            "has_earlier": not goes_on and len(items) == PAGE,
            "state": state,
            "receipts": receipts,
            "introduced": bool(talk and talk.is_introduced),
            "rated": talk.score if talk else None,
        }

    def _in_store(self, frame: BuyerFrame, talk: Talk | None, uploads: Sequence[Upload]) -> Out:
        if isinstance(frame, Say):
            return self._say(frame, talk, uploads)
        if talk is not None or isinstance(frame, Introduce | Ping):
            self._check_widget(talk)
        match frame:
            case Introduce():
                known = talk or write_down(self._secret(), page=self._page(), address=self.address, now=database_now())
                introduce(known, frame.fields, consent=frame.consent, now=database_now())
                return [{"type": "introduced"}]
            case Ping():
                return [*self._news(talk, fresh=True), {"type": "pong"}]
            case Seen() | Typing() if talk is None:
                return []
            case _ if talk is None:
                raise NotFound(field="conversation")
            case Earlier():
                items = messages_for_buyer(talk, before=frame.before, latest=PAGE)
                return [{"type": "earlier", "items": items, "has_earlier": len(items) == PAGE}]
            case Seen():
                buyer_saw(talk, delivered=frame.delivered, read=frame.read)
                return []
            case Typing():
                if self.widget.shows_typing:
                    keep_draft(talk, frame.text, now=database_now())
                return []
            case _:
                return self._ending(frame, talk)

    def _check_widget(self, talk: Talk | None) -> None:
        """Raises WrongKey where the widget is off meanwhile, or the page's site is not on its list any more."""
        if self.hello is not None and (talk is None or talk.widget_at != self.widget.at):
            self._open_widget(self.hello)

    def _open_widget(self, hello: Hello) -> ChatWidget:
        """The widget as it is now; what a frame needs of it is kept. Raises WrongKey, and then `is_over`."""
        widget = widget_of()
        is_open = widget is not None and widget.is_on and widget.key == hello.key
        if widget is None or not is_open or not may_hold(hello.page, widget.sites, own_host=self.place.host):
            self.is_over = True
            raise WrongKey(field="key")
        asks = bool(widget.fields or widget.consent_zh or widget.consent_en)
        self.widget = Widget(asks, widget.shows_typing, widget.changed_at)
        return widget

    def _ending(self, frame: BuyerFrame, talk: Talk) -> Out:
        with transaction.atomic():
            ticket = self._ticket(talk)
            match frame:
                case Rate():
                    rate(ticket, frame.score, frame.comment, now=database_now())
                    answer: Out = [{"type": "rated", "score": frame.score}]
                case Transcript():
                    ask_transcript(ticket, frame.email, language=self._language(), now=database_now())
                    answer = [{"type": "transcript", "email": frame.email.strip()}]
                case End():
                    close(ticket, by=None, now=database_now(), through="buyer")
                    answer = []
                case _:
                    raise protocol.UnknownType(field="type")
        return [*answer, *self._news(talk_of(self._secret()), fresh=not answer)]

    def _ticket(self, talk: Talk) -> Ticket:
        if talk.number is None:
            raise NotFound(field="conversation")
        return buyers_ticket(talk.customer, talk.number)

    def _say(self, frame: Say, talk: Talk | None, uploads: Sequence[Upload]) -> Out:
        now = database_now()
        talk = talk or write_down(self._secret(), page=self._page(), address=self.address, now=now)
        self._check_widget(talk)
        if self.widget.asks_first and not talk.is_introduced and not talk.is_identified:
            raise IntroduceFirst
        received = say(
            talk, frame.text, client_id=frame.client_id, choice=frame.choice, uploads=uploads,
            language=self._language(), now=now,
        )  # fmt: skip
        if received.ticket_number == talk.number and talk.state != Ticket.State.CLOSED:
            talk = replace(talk, last_seq=max(talk.last_seq, received.seq))  # nothing else of it has changed
        else:
            talk = talk_of(self._secret()) or talk
        own = self._own(frame, received, talk, now) if not uploads else []
        news = [*own, *self._news(talk)]
        sent = {
            "type": "sent",
            "client_id": frame.client_id,
            "conversation": str(talk.conversation),
            "seq": received.seq,
            "at": told_at(now),
        }
        return [sent, *news]

    def _own(self, frame: Say, received: Received, talk: Talk, now: datetime) -> Out:
        """What was just said, where the browser has all that came before it: nothing has to be read for that."""
        is_next = received.is_new and received.seq == self.have + 1 and talk.conversation == self.conversation
        if not is_next or frame.choice:
            return []
        self.have = received.seq
        item = own_word(
            received.seq, Message.Kind.BUYER, frame.text, author="", client_id=frame.client_id, at=now, card=None
        )
        return [{"type": "messages", "conversation": str(talk.conversation), "items": [item]}]

    # ------------------------------------------------------------ what is new

    def _news(self, talk: Talk | None, *, fresh: bool = False) -> Out:
        """Messages beyond what the browser has. `fresh`: state and receipts are told even if they are as before."""
        out: Out = []
        missed = missed_by_buyer(talk) if talk else None
        if talk is not None and talk.conversation != self.conversation:
            self._hold(talk)
            self.have = 0
        while talk is not None and talk.last_seq > self.have:
            items, missed = missed or messages_for_buyer(talk, after=self.have), None
            if items:
                out.append({"type": "messages", "conversation": str(talk.conversation), "items": items})
            # A full batch may leave some; after the last one, what lies between is not for buyers.
            is_all = len(items) < MOST_AT_ONCE
            self.have = max(items[-1]["seq"] if items else 0, talk.last_seq if is_all else 0)
        frames = [self._state(talk)] if fresh or talk is None or self._is_other_state(talk) else []
        frames += [talk.receipts()] if talk else []
        for frame in frames:
            if fresh or self.told.get(frame["type"]) != frame:
                out.append(frame)
            self.told[frame["type"]] = frame
        return out

    def _is_other_state(self, talk: Talk) -> bool:
        """Whether the state has changed, without asking for what costs queries: how long they will wait."""
        told = self.told.get("state", {})
        now_is = "ended" if talk.state == Ticket.State.CLOSED else "with_agent" if talk.assignee else "waiting"
        agent = talk.alias or self._store().name if talk.assignee else None
        return told.get("is") != now_is or told.get("agent") != (agent if now_is == "with_agent" else None)

    def _state(self, talk: Talk | None) -> dict[str, Any]:
        return state_of(talk, database_now())

    def _hold(self, talk: Talk | None) -> None:
        self.visitor = talk.visitor if talk else None
        self.conversation = talk.conversation if talk else None
        self.ticket = talk.number if talk else None

    def _secret(self) -> str:
        return self.hello.secret if self.hello else ""

    def _language(self) -> str:
        return self.hello.language if self.hello else "en"

    def _page(self) -> str:
        return self.hello.page if self.hello else ""
