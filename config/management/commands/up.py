"""`manage.py up`: everything a desk needs, in one terminal, until Ctrl-C."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand
from rich.table import Table

from config import embedded
from config.databases import app_address
from config.embedded import EmbeddedError
from config.management.lock import alone, stop_other
from config.management.own_servers import WrongAddress
from config.management.steps import command, console, have_servers, prepare, refuse_taken_port
from config.management.supervisor import MARK, Failed, Stop, Supervisor, deaf, kill_marked, stoppable

SECONDS_TO_BE_READY = 90


class Command(BaseCommand):
    """Starts servers and processes, prints where to go, stays until it is asked to stop."""

    help = "Start everything: servers (unless DATABASE_URL and REDIS_URL name yours), web, worker and clock."
    # The checks may need the database, which is not there yet; `migrate` runs them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options; each has a variable in the environment for `make up`."""
        parser.add_argument("--host", default=os.environ.get("LISTEN", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (or PORT)")
        parser.add_argument("--no-demo", action="store_true", help="make no demo agency (or DESKFLEET_DEMO=0)")
        parser.add_argument("--stop", action="store_true", help="stop what runs in this folder instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 0 after a wanted stop, 1 with one line on stderr otherwise."""
        data = Path(settings.DATA_DIR).resolve()
        demo = not options["no_demo"] and os.environ.get("DESKFLEET_DEMO", "1") != "0"
        try:
            with stoppable(), embedded.plain_errors(data):
                if options["stop"]:
                    stop_other(data)
                    console.print("Stopped.")
                else:
                    up(data, host=options["host"], port=options["port"], demo=demo)
        except Stop:
            console.print("Stopped.")
        except (EmbeddedError, Failed, WrongAddress) as error:
            sys.stderr.write(f"deskfleet: {error}\n")
            sys.exit(1)


def up(data: Path, *, host: str, port: int, demo: bool) -> None:
    """Everything from the lock to the last process; cleans up however it ends. Raises Stop, or says what failed."""
    mark = str(data)
    with alone(data):
        if killed := kill_marked(mark):
            console.print(f"A run that was killed left {len(killed)} processes; they are ended.")
        refuse_taken_port(host, port)
        try:
            servers = have_servers(data)
            urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            environment = {**os.environ, **urls, "PORT": str(port), "DESKFLEET_DATA": str(data), MARK: mark}
            sign_ins = prepare(environment, data, demo=demo)
            supervisor = Supervisor(mark, without_owner(environment), lambda: keep_servers(data))
            supervise(supervisor, host=host, port=port, sign_ins=sign_ins)
        finally:
            deaf()  # A second Ctrl-C must not leave half of it behind.
            kill_marked(mark)
            embedded.stop(data)


def without_owner(environment: dict[str, str]) -> dict[str, str]:
    """What the processes are told: the login that owns nothing. Whoever breaks into one of them can change no table."""
    app = os.environ.get("APP_DATABASE_URL") or app_address(environment["DATABASE_URL"], settings.SECRET_KEY)
    return environment | {"APP_DATABASE_URL": app, "DATABASE_URL": ""}


def keep_servers(data: Path) -> None:
    """Start the embedded servers again if one of them died and they are ours to keep."""
    own = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    if not own and not embedded.running(data):
        console.print("PostgreSQL or Valkey had stopped; starting it again.")
        embedded.start(data)


def supervise(supervisor: Supervisor, *, host: str, port: int, sign_ins: dict[str, Any]) -> NoReturn:
    """Run the processes until Stop or Failed is raised; they are gone when it is."""
    supervisor.add("web", web(host, port))
    supervisor.add("worker", command("worker"))
    supervisor.add("clock", command("clock"))
    try:
        supervisor.start()
        wait_until_ready(supervisor, host, port)
        if sign_ins:
            supervisor.add("connector", command("demo_connector"), vital=False)
            supervisor.start()
        welcome(port, sign_ins)
        supervisor.run()
    finally:
        deaf()
        supervisor.stop()


def web(host: str, port: int) -> list[str]:
    """The ASGI server."""
    workers = os.environ.get("WEB_CONCURRENCY", "2")
    return [sys.executable, "-m", "config.web", "--host", host, "--port", str(port), "--workers", workers]


def wait_until_ready(supervisor: Supervisor, host: str, port: int) -> None:
    """Returns when the desk says that it can work. Raises Failed with its reasons when it does not in time."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - read, not bound
    answer = "no answer yet"
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=5, trust_env=False) as client:
        for _ in range(SECONDS_TO_BE_READY * 5):
            supervisor.turn(0.2)
            try:
                response = client.get("/health/ready", headers={"Host": f"{settings.BASE_HOST}:{port}"})
            except httpx.HTTPError:
                continue
            if response.status_code == httpx.codes.OK:
                supervisor.ready = True
                return
            answer = f"{response.status_code} {response.text[:300]}"
    raise Failed(f"Not ready after {SECONDS_TO_BE_READY} seconds: {answer}")


def welcome(port: int, sign_ins: dict[str, Any]) -> None:
    """Where to go and who to be there."""
    console.print()
    for address in sign_ins.get("addresses", [{"label": "", "url": f"http://{settings.BASE_HOST}:{port}/"}]):
        console.print(f"  [bold]{address['url']}[/]  {address['label']}")
    if people := sign_ins.get("people"):
        table = Table(box=None, padding=(0, 2))
        for title in ("Sign in as", "e-mail", "password", "at"):
            table.add_column(title, no_wrap=True)
        for person in people:
            table.add_row(person["label"], person["email"], person["password"], person["url"])
        console.print()
        console.print(table)
    if token := sign_ins.get("token"):
        console.print(f"\n  API token  {token}")
    console.print("\n  Ready. Ctrl-C stops everything.\n")
