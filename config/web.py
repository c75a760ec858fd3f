"""The web server: uvicorn, with a listening socket for each of its processes.

uvicorn hands one socket to all processes, and whichever wakes first takes every connection: sockets that stay open for
hours all end up in one process, and one core. With SO_REUSEPORT the system deals them out.

python -m config.web --port 8000 --workers 2
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

# Frames are limited; of messages, this WebSocket implementation reads one ahead and no more.
OPTIONS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": 65536,
    "lifespan": "off",
    "timeout_graceful_shutdown": 3,
    "timeout_worker_healthcheck": 30,  # a busy machine is not a hung process
    "access_log": False,
    "server_header": False,
}


class Listener(socket.socket):
    """A socket that is made anew in each process that it is handed to, on the same address."""

    def __reduce__(self) -> tuple[Callable[..., Listener], tuple[str, int]]:
        host, port = self.getsockname()[:2]
        return bound, (host, port)


def bound(host: str, port: int) -> Listener:
    """Bound, not listening yet: only who listens is dealt connections."""
    made = Listener(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    made.set_inheritable(True)
    return made


# Bytes. What is larger, a file that somebody sends, goes back to the system when it is done with. glibc would learn
# from the first such file to keep room for the next one, in every thread.
LARGE = "262144"


def main() -> None:
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", LARGE)  # read by the processes that are started from here
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log-level", default="warning")
    parser.add_argument("--app", default="config.asgi:application")
    asked = parser.parse_args()
    config = uvicorn.Config(
        asked.app,
        host=asked.host,
        port=asked.port,
        workers=asked.workers,
        log_level=asked.log_level,
        # Headers that say who asks are believed only from a proxy that somebody named.
        proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),
        **OPTIONS,
    )
    listener = bound(asked.host, asked.port)
    if asked.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
