"""What `up` does before the first process runs, each step shown with its time."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.console import Console

from config import embedded
from config.embedded import Servers
from config.embedded.errors import disk_full
from config.management import static_files
from config.management.own_servers import check_database, check_redis
from config.management.supervisor import Failed

# Wide where nobody looks at it directly, so that no address is broken in two.
console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def refuse_taken_port(host: str, port: int) -> None:
    """Find out before minutes of work are spent."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise Failed(f"Port {port} needs more rights: use one from 1024 to 65535, such as PORT=8000.") from None
        except OverflowError:
            raise Failed(f"There is no port {port}: use one from 1024 to 65535, such as PORT=8000.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Failed(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
            raise Failed(
                f"Port {port} is taken: stop the program that uses it, or choose another with PORT={port + 1} make up."
            ) from None


def have_servers(data: Path) -> Servers:
    """The servers to use: those the environment names, checked; for the rest the embedded ones, started."""
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if database_url:
        check_database(database_url)
    if redis_url:
        check_redis(redis_url)
    if not (database_url and redis_url):
        with shown("PostgreSQL and Valkey"):
            found = embedded.start(data)
        database_url, redis_url = database_url or found.database_url, redis_url or found.redis_url
    return Servers(database_url, redis_url)


def prepare(environment: dict[str, str], data: Path, *, demo: bool) -> dict[str, Any]:
    """Bring the database and the static files up to date; returns the demo's sign-ins, {} without a demo."""
    manage(environment, data, "tables", "migrate", "--noinput")
    if not static_files.are_collected():
        manage(environment, data, "static files", "collectstatic", "--noinput")
        static_files.note_collected()
    if not demo:
        return {}
    told = manage(environment, data, "demo agency", "demo", "--json")
    sign_ins: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    return sign_ins


def manage(environment: dict[str, str], data: Path, title: str, *arguments: str) -> str:
    """Run a command of manage.py, showing only its title and time; returns what it printed. Raises Failed."""
    with shown(title):
        # Its own session: Ctrl-C is for us, and a traceback of its interruption for nobody.
        done = subprocess.run(
            command(*arguments), env=environment, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", start_new_session=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise failed(arguments[0], (done.stdout + done.stderr).strip(), data)
    return done.stdout


def failed(name: str, output: str, data: Path) -> Failed:
    """What to say of a step that failed; what it printed is passed on unless the reason is known."""
    if "No space left on device" in output:
        return Failed(str(disk_full(data)))
    sys.stderr.write(f"{output}\n")
    return Failed(f"'manage.py {name}' failed: {(output.splitlines() or ['it said nothing'])[-1]}")


def command(*arguments: str) -> list[str]:
    """The command line of a command of manage.py."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


@contextmanager
def shown(title: str) -> Iterator[None]:
    """A spinner while it lasts, a line with its time when it is done."""
    begin = time.monotonic()
    with console.status(f"{title} …"):
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begin:.1f} s[/]")
