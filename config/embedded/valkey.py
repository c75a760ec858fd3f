"""One Valkey server, driven by its own binary."""

import socket as sockets
import subprocess
import time
from pathlib import Path

from config.embedded import processes
from config.embedded.errors import from_log
from config.embedded.place import Place, valkey_server

SECONDS_TO_START = 60  # It answers LOADING until its append-only file is read.

# Kept so that a dead server is reaped, not left as a zombie of ours.
_children: dict[Path, subprocess.Popen[bytes]] = {}


def start(place: Place, *, durable: bool) -> None:
    """Have the server running and its data loaded. Raises EmbeddedError."""
    folder = place.folder(place.home / "valkey")
    if processes.serving(folder, "valkey-server") and answers(socket(place)):
        return
    processes.end(processes.serving(folder, "valkey-server"), patience=5)
    socket(place).unlink(missing_ok=True)
    _launch(place, folder, durable=durable)


def stop(place: Place) -> None:
    """Stop the server; it writes what it holds first."""
    processes.end(processes.serving(place.home / "valkey", "valkey-server"), patience=10)
    if child := _children.pop(place.home, None):
        child.wait()


def socket(place: Place) -> Path:
    """The socket the server listens on."""
    return place.sockets / "valkey.sock"


def answers(path: Path) -> bool:
    """Does a loaded server answer at this socket?"""
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _launch(place: Place, folder: Path, *, durable: bool) -> None:
    settings = folder / "valkey.conf"
    place.write(settings, _settings(place, folder, durable=durable))
    log = place.log("valkey.log")
    begin = log.stat().st_size
    command = [place.program(valkey_server(place.programs)), str(settings)]
    with log.open("ab") as output:
        # Its own session: Ctrl-C in the terminal is for us, and we stop it when the others are done with it.
        child = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **place.as_owner)
    _children[place.home] = child
    deadline = time.monotonic() + SECONDS_TO_START
    while not answers(socket(place)):
        if child.poll() is not None or time.monotonic() > deadline:
            stop(place)
            with log.open(errors="replace") as file:
                file.seek(begin)
                raise from_log("Valkey", file.read(), log, place.home)
        time.sleep(0.02)


def _settings(place: Place, folder: Path, *, durable: bool) -> str:
    lines = [
        "port 0",
        f'unixsocket "{socket(place)}"',
        "unixsocketperm 700",
        f'dir "{folder}"',
        "daemonize no",
        'save ""',
        "maxmemory 512mb",
        "maxmemory-policy noeviction",  # A job dropped in silence is worse than a refused write.
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
    ]
    return "\n".join(lines) + "\n"
