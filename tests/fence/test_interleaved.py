"""Three stores at once in one process: sockets, threads, streams, callbacks. Never a neighbour's row."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models.signals import post_save
from django.http import StreamingHttpResponse
from django.test import Client

from tenants.context import as_operator, at, connection, current_store, in_store
from tenants.hosts import Kind
from tenants.middleware import HostMiddleware
from tenants.models import Store
from tenants.sockets import caller_of, in_database
from tests.cast import NORTH_HOST, Cast, canary
from tests.fence.conftest import Real, host_of
from tests.fence.tally import Tally
from tests.scenes import buyer_writes, in_a_thread
from tests.sockets import Socket
from tickets.live.consumers import stores_now
from tickets.models import Message, Ticket

SEED, OPERATIONS = 7, 1000

# ---------------------------------------------------------------- sockets (T03, V1)


def socket(real: Real, host: str) -> Socket:
    cookie = f"session={real.sessions[host]}"
    headers = [("host", host), ("origin", f"http://{host}"), ("cookie", cookie)]
    return Socket("/ws/desk/", [(name.encode(), value.encode()) for name, value in headers])


def at_host(real: Real, host: str, slug: str, work: Callable[[], Any]) -> Any:
    """As a socket does it: who is it, where, in one synchronous call that enters and leaves."""
    caller = caller_of(host, real.sessions[host])
    assert caller is not None
    with at(caller.place), in_store(real.stores[slug]):
        return work()


def read() -> list[str]:
    return [*Message.objects.values_list("body", flat=True), *Ticket.objects.values_list("subject", flat=True)]


def write(number: int, mark: str) -> list[str]:
    with transaction.atomic():
        buyer_writes(f"i-{number}", f"{mark} {number}", customer_id=f"i-{mark}", subject=mark)
    return read()


def test_interleaved_sockets_read_and_write_their_own_store(real: Real) -> None:
    chance = random.Random(SEED)
    tally = Tally("T03 operations of interleaved sockets in three stores", SEED)
    stores = list(real.stores.values())
    ids = {store.pk: store for store in stores}

    async def operation(number: int) -> None:
        store = chance.choice(stores)
        host, mark = host_of(store), canary(store)
        work = read if chance.random() < 0.8 else partial(write, number, mark)
        found = await in_database(at_host, real, host, store.slug, work)
        foreign = [body for body in found if "CANARY" in body and mark not in body]
        tally.that(bool(found) and not foreign, f"{host} saw {foreign or 'nothing'}")

    async def hears(one: Socket, store: Store) -> None:
        while True:
            hint = await one.read()
            tally.count("hints")
            if any(each["store"] != store.pk for each in hint.get("tickets", ())):
                tally.violations.append(f"{host_of(store)} heard of {ids.get(hint['store'])}")

    async def scene() -> None:
        opened = [(socket(real, host_of(store)), store) for store in stores for _ in range(3)]
        for one, _store in opened:
            assert await one.connect()
            assert (await one.read())["type"] == "hello"
        ears = [asyncio.create_task(hears(one, store)) for one, store in opened]
        waiting = set()
        for number in range(OPERATIONS):
            waiting.add(asyncio.create_task(operation(number)))
            if len(waiting) >= 12:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        await asyncio.gather(*waiting)
        await asyncio.sleep(0.3)
        for ear in ears:
            ear.cancel()
        await asyncio.gather(*ears, return_exceptions=True)
        for one, _store in opened:
            await one.disconnect()

    asyncio.run(scene())
    assert tally.tried == OPERATIONS
    tally.close()


def test_gate_of_interleaved_sockets_names_their_own_stores(real: Real) -> None:
    """What the consumer asks, again and again, for six hosts at once."""
    expected: dict[str, frozenset[int]] = {}
    for host, marks in real.sees.items():
        cast = real.cast
        everybodys = [*real.stores.values(), cast.a, cast.b, cast.c]
        expected[host] = frozenset(store.pk for store in everybodys if canary(store) in marks)

    async def scene(tally: Tally) -> None:
        hosts = [host for host in expected for _ in range(40)]
        random.Random(SEED).shuffle(hosts)
        answers = await asyncio.gather(
            *(in_database(stores_now, partial(caller_of, host, real.sessions[host])) for host in hosts)
        )
        for host, allowed in zip(hosts, answers, strict=True):
            tally.that(allowed == expected[host], f"{host}: {allowed}")

    with Tally("T03 gates asked by interleaved sockets", SEED) as tally:
        asyncio.run(scene(tally))


# ---------------------------------------------------------------- other threads (T05)


def looks() -> str:
    """What somebody finds who thinks that he stands in a store."""
    try:
        return " ".join(Message.objects.values_list("body", flat=True))
    except Exception as error:
        return f"raised {type(error).__name__}"
    finally:
        if in_another_thread():
            connection.close()


def in_another_thread() -> bool:
    return not connection.in_atomic_block


def looks_by_sql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(body, ' ') FROM tickets_message")
            return str(cursor.fetchone()[0])
    except Exception as error:
        return f"raised {type(error).__name__}"
    finally:
        if in_another_thread():
            connection.close()


def by_thread(work: Callable[[], str]) -> str:
    came: list[str] = []
    thread = Thread(target=lambda: came.append(work()))
    thread.start()
    thread.join()
    return came[0]


def by_executor(work: Callable[[], str]) -> str:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def by_to_thread(work: Callable[[], str]) -> str:
    async def hop() -> str:
        return await asyncio.to_thread(work)

    return by_thread(lambda: asyncio.run(hop()))


def by_sync_to_async(work: Callable[[], str]) -> str:
    return by_thread(lambda: asyncio.run(sync_to_async(work, thread_sensitive=False)()))


@pytest.mark.parametrize("hop", [by_thread, by_executor, by_to_thread, by_sync_to_async])
def test_other_threads_stand_in_no_store(cast: Cast, hop: Callable[[Callable[[], str]], str]) -> None:
    with Tally(f"T05 reads {hop.__name__} from inside a store") as tally:
        for store in (cast.a, cast.b, cast.c):
            for work in (looks, looks_by_sql):
                with in_store(store):
                    found = hop(work)
                tally.that(found.startswith("raised"), f"{work.__name__} found {found}")
                found = hop(lambda: entered(store, work))  # noqa: B023
                own = canary(store)
                tally.that(own in found and foreign(found, own) == [], f"entered {own}, found {found}")


def entered(store: Store, work: Callable[[], str]) -> str:
    try:
        with as_operator(), in_store(store):
            return work()
    finally:
        connection.close()


def foreign(text: str, own: str) -> list[str]:
    return [word for word in text.split() if word.startswith("CANARY-") and word not in (own, "CANARY-NOTE")]


# ---------------------------------------------------------------- later (T05)


def test_stream_that_is_read_after_the_view_stands_in_no_store(cast: Cast) -> None:
    """The generator runs when the middleware has left the place, and whoever reads it may have entered another."""

    def stream(work: Callable[[], str]) -> Iterator[str]:
        yield work()

    def view(request: Any) -> StreamingHttpResponse:
        assert request.place.kind == Kind.AGENCY
        with in_store(cast.a):
            return StreamingHttpResponse(stream(request.work))

    with Tally("T05 streams read after the view") as tally:
        for work in (looks, looks_by_sql):
            for later in (None, cast.b):
                found = in_a_thread(lambda: streamed(view, work, later))  # noqa: B023
                own = canary(later) if later else "none"
                tally.that(found.startswith("raised") or foreign(found, own) == [], f"{work.__name__}: {found}")
                tally.that(canary(cast.a) not in found, f"{work.__name__}: {found}")
    with in_store(cast.a):
        lazy = Message.objects.values_list("body", flat=True)
    with Tally("T05 queryset of a view streamed in another store") as tally, in_store(cast.b):
        tally.that(streams_nothing(lazy), "a queryset of A was read in B")


def streamed(view: Any, work: Callable[[], str], later: Store | None) -> str:
    place = connection.scope
    connection.enter(type(place)())  # requests begin at the door
    request = Client(headers={"host": NORTH_HOST}).request().wsgi_request
    request.work = work
    response = HostMiddleware(view)(request)
    connection.enter(place)
    if later is None:
        return b"".join(response.streaming_content).decode()
    with in_store(later):
        return b"".join(response.streaming_content).decode()


def streams_nothing(lazy: Any) -> bool:
    try:
        list(StreamingHttpResponse(body for body in lazy).streaming_content)
    except Exception as error:
        return type(error).__name__ == "WrongStore"
    return False


def test_callbacks_after_the_commit_run_in_the_store_of_the_commit(cast: Cast) -> None:
    def scene(store: Store) -> list[str]:
        found: list[str] = []
        with in_store(store):
            with transaction.atomic():
                transaction.on_commit(lambda: found.append(looks()))
                transaction.on_commit(lambda: found.append(canary(current_store())))
            with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
                transaction.on_commit(lambda: found.append("CANARY-UNDONE"))
                1 / 0  # noqa: B018
        return found

    with Tally("T05 on_commit callbacks") as tally:
        for store in (cast.a, cast.b, cast.c):
            found = in_a_thread(lambda: scene(store))  # noqa: B023
            tally.that(len(found) == 2, f"{len(found)} callbacks ran")
            for text in found:
                tally.that(canary(store) in text and foreign(text, canary(store)) == [], text)


def test_signal_is_heard_in_the_store_of_the_save(cast: Cast) -> None:
    found: list[tuple[str, str]] = []

    def heard(sender: Any, instance: Any, **_more: Any) -> None:
        found.append((canary(current_store()), " ".join(Message.objects.values_list("body", flat=True))))

    post_save.connect(heard, sender=Ticket)
    try:
        with Tally("T05 signals") as tally:
            for store in (cast.a, cast.b, cast.c):
                with in_store(store):
                    Ticket.objects.get(pk=1).save()
                own, text = found[-1]
                tally.that(own == canary(store) and own in text and foreign(text, own) == [], f"{own}: {text}")
    finally:
        post_save.disconnect(heard, sender=Ticket)
