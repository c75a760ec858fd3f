"""A real PostgreSQL and a real Valkey that come as wheels, for whoever has no servers of their own.

Both listen on sockets in a private folder and on no network. Nothing here needs Django. The functions are safe to call
from several processes at once, and put right what a crash, a kill -9 or a reboot left behind.
"""

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from config.embedded import place as places
from config.embedded import postgres, valkey
from config.embedded.errors import EmbeddedError, disk_full, from_system
from config.embedded.place import Place

__all__ = ["EmbeddedError", "Servers", "plain_errors", "running", "share", "start", "stop"]

ROOM_NEEDED = 256 * 2**20  # A new cluster takes 50 MB and its write-ahead log grows from there.


@dataclass(frozen=True)
class Servers:
    """The addresses of a running pair, as DATABASE_URL and REDIS_URL take them."""

    database_url: str
    redis_url: str


def start(data: Path, *, durable: bool = True) -> Servers:
    """Have both servers running with their data under `data`, which is made if need be; running ones are kept.

    The login `deskfleet` owns the database `deskfleet`, may make databases and roles, and is no superuser.
    `durable=False` is for tests: fast, and lost with the power. Raises EmbeddedError.
    """
    data = data.resolve()
    with plain_errors(data), _alone(data):
        found = running(data)
        if found and postgres.answers(found.database_url):
            return found
        if shutil.disk_usage(data).free < ROOM_NEEDED:
            raise disk_full(data)
        place = places.choose(data)
        postgres.start(place, durable=durable)
        valkey.start(place, durable=durable)
        return _remember(place)


def running(data: Path) -> Servers | None:
    """The servers of `data` if both are alive now, else None. Cheap: one small file and two connections."""
    state = _recall(data.resolve())
    if not state or not _listens(state["sockets"][0]) or not valkey.answers(Path(state["sockets"][1])):
        return None
    return Servers(state["database_url"], state["redis_url"])


def stop(data: Path) -> None:
    """Stop both servers of `data` and wait until they are gone; nothing happens if they were not running."""
    data = data.resolve()
    if not (data / "lock").exists():  # Nothing was ever started here.
        return
    with plain_errors(data), _alone(data):
        place = places.choose(data)
        state = _recall(data) or {"sockets": []}
        valkey.stop(place)
        postgres.stop(place)
        (data / "servers.json").unlink(missing_ok=True)
        # TMPDIR may have been another one when they were started.
        for folder in {place.sockets, *(Path(path).parent for path in state["sockets"])}:
            shutil.rmtree(folder, ignore_errors=True)


def share(data: Path) -> Servers:
    """Fast, undurable servers for tests, shared by every process that asks for the same folder.

    The last process that shares them stops them when it exits, so parallel workers and parallel runs need no order.
    What a killed run left is taken over by the next one.
    """
    data = data.resolve()
    with plain_errors(data):
        places.make_folder(data)
        ticket = (data / "sharers").open("a")
    fcntl.flock(ticket, fcntl.LOCK_SH)
    servers = start(data, durable=False)
    atexit.register(_leave, data, ticket, os.getpid())
    return servers


def _leave(data: Path, ticket: IO[str], pid: int) -> None:
    """Stop the servers if nobody else holds a ticket. A forked child inherits this call and must not make it."""
    if os.getpid() != pid:
        return
    try:
        fcntl.flock(ticket, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    # The ticket is held until the servers are gone: a newcomer waits for it and starts its own.
    with contextlib.suppress(EmbeddedError):
        stop(data)
    ticket.close()


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the servers of `data`; the system frees the lock of a dead one."""
    places.make_folder(data)
    with (data / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def plain_errors(data: Path) -> Iterator[None]:
    """Inside, an error of the system (disk full, no permission) becomes an EmbeddedError."""
    try:
        yield
    except OSError as error:
        raise from_system(error, data) from error


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except OSError:
            return False
        return True


def _remember(place: Place) -> Servers:
    servers = Servers(
        database_url=f"postgresql://{postgres.NAME}@/{postgres.NAME}?host={quote(str(place.sockets))}",
        redis_url=f"unix://{quote(str(valkey.socket(place)))}",
    )
    state = asdict(servers) | {
        "data": str(place.data),
        "sockets": [str(postgres.socket(place)), str(valkey.socket(place))],
    }
    draft = place.data / "servers.json.new"
    draft.write_text(json.dumps(state))
    draft.replace(place.data / "servers.json")
    return servers


def _recall(data: Path) -> dict[str, Any] | None:
    """What the last start wrote, unless it is unreadable or came here in a copy of another folder."""
    try:
        state: dict[str, Any] = json.loads((data / "servers.json").read_text())
    except (OSError, ValueError):
        return None
    return state if state.get("data") == str(data) else None
