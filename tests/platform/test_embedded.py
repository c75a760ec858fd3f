"""The embedded servers come up, keep what they were given, and get over every kind of violent end."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest
import redis

from config import embedded
from config.embedded import EmbeddedError, Servers, place, postgres, processes

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """Data that was used once before; in a folder that the servers' user can enter, as pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="deskfleet made ") as folder:
        Path(folder).chmod(0o711)
        embedded.start(Path(folder), durable=False)
        embedded.stop(Path(folder))
        yield Path(folder)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder yet to be made, with a space in its path. (Patches are undone after the servers are stopped.)"""
    with tempfile.TemporaryDirectory(prefix="deskfleet data ") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "repository" / ".data"
        yield data
        embedded.stop(data)


@pytest.fixture
def data(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that was used before; shared by the tests that leave it usable, as a new one costs a second."""
    yield made
    embedded.stop(made)


def ask(servers: Servers, question: LiteralString) -> object:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def keep(servers: Servers) -> None:
    """Leave a mark in both servers."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("create table if not exists mark as select '物流' as word")
    with redis.Redis.from_url(servers.redis_url) as client:
        client.set("mark", "物流")


def kept(servers: Servers) -> bool:
    with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
        return bool(ask(servers, "select word from mark") == client.get("mark") == "物流")


def processes_of(data: Path) -> list[psutil.Process]:
    return processes.serving(data / "postgres", "postgres") + processes.serving(data / "valkey", "valkey-server")


def until_dead(killed: list[psutil.Process]) -> None:
    """Zombies count as dead: burying them is not ours to do."""
    for process in killed:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)


def kill_all(data: Path) -> None:
    killed = processes_of(data)
    for process in killed:
        with contextlib.suppress(psutil.NoSuchProcess):  # The others follow their postmaster by themselves.
            process.kill()
    until_dead(killed)


def test_both_come_up_know_chinese_and_go_without_a_trace(empty: Path) -> None:
    data = empty
    servers = embedded.start(data)

    assert embedded.running(data) == servers == embedded.start(data)
    assert ask(servers, "select cardinality(show_trgm('物流信息'))") == 5
    assert ask(servers, "select '物流ABC' ilike '%流abc%'")
    assert ask(servers, "select current_setting('fsync')") == "on"
    assert not ask(servers, "select rolsuper from pg_roles where rolname = current_user")
    keep(servers)

    embedded.stop(data)
    assert embedded.running(data) is None
    assert processes_of(data) == []
    assert not Path(servers.redis_url.removeprefix("unix://")).parent.exists()

    assert kept(embedded.start(data))


def test_data_outlives_a_kill_of_everything_and_a_reused_pid(data: Path) -> None:
    servers = embedded.start(data)
    keep(servers)
    with redis.Redis.from_url(servers.redis_url) as client:
        client.execute_command("WAITAOF", 1, 0, 5000)
    pid_file = data / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()

    kill_all(data)
    assert embedded.running(data) is None
    # After a reboot the number in the pid file belongs to somebody else; here, to this test.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    assert kept(embedded.start(data))


def test_one_dead_server_is_replaced_and_the_other_left_alone(data: Path) -> None:
    servers = embedded.start(data, durable=False)
    postmaster = int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    for process in processes.serving(data / "valkey", "valkey-server"):
        process.kill()
        until_dead([process])
    assert embedded.running(data) is None

    assert embedded.start(data, durable=False) == servers
    assert int((data / "postgres" / "postmaster.pid").read_text().split()[0]) == postmaster


def test_orphans_of_a_killed_postmaster_do_not_block_the_next_start(data: Path) -> None:
    servers = embedded.start(data, durable=False)
    postmaster = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
    with contextlib.closing(psycopg.connect(servers.database_url)):
        postmaster.send_signal(signal.SIGKILL)
        until_dead([postmaster])
        assert ask(embedded.start(data, durable=False), "select 1") == 1


def test_servers_of_a_deleted_folder_are_replaced(empty: Path) -> None:
    data = empty
    embedded.start(data, durable=False)
    for name in ("postgres", "valkey", "servers.json"):
        subprocess.run(["rm", "-rf", str(data / name)], check=True)

    assert ask(embedded.start(data, durable=False), "select 1") == 1
    assert len(processes.serving(data / "valkey", "valkey-server")) == 1


def test_starts_at_once_make_one_pair(data: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: embedded.start(data, durable=False), range(4)))

    assert len(found) == 1
    assert len(processes.serving(data / "valkey", "valkey-server")) == 1


def test_sharers_stop_the_pair_only_when_the_last_one_leaves(data: Path) -> None:
    script = "import sys; from pathlib import Path; from config import embedded; embedded.share(Path(sys.argv[1])); "
    first = subprocess.Popen(
        [sys.executable, "-c", script + "print('up', flush=True); sys.stdin.read()", str(data)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert first.stdout
    assert first.stdout.readline() == "up\n"
    subprocess.run([sys.executable, "-c", script, str(data)], cwd=REPOSITORY, check=True)
    assert embedded.running(data)

    first.communicate()
    assert first.returncode == 0
    assert embedded.running(data) is None
    assert processes_of(data) == []


def test_nobody_else_can_read_data_or_reach_sockets(data: Path) -> None:
    servers = embedded.start(data, durable=False)
    sockets = Path(servers.redis_url.removeprefix("unix://").replace("%20", " ")).parent

    for folder in (sockets, data / "postgres", data / "valkey"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert ask(servers, "select current_setting('listen_addresses')") == ""


def test_data_of_another_major_version_is_refused_in_one_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "MAJOR", "19")

    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 18 and this is PostgreSQL 19: dump it"):
        embedded.start(data, durable=False)


def test_a_broken_configuration_is_told_in_one_line(data: Path) -> None:
    local = data / "postgres" / "local.conf"
    local.write_text("max_connections = 'many'\n")

    with pytest.raises(EmbeddedError, match=r"^PostgreSQL did not start: .*max_connections.*log.*\)$") as told:
        embedded.start(data, durable=False)
    assert "\n" not in str(told.value)
    local.unlink()


def test_a_full_disk_is_told_in_one_line(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ROOM_NEEDED", 2**63)

    with pytest.raises(EmbeddedError, match=r"is full: free some space"):
        embedded.start(empty)


def test_a_socket_folder_made_by_somebody_else_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(data))
    trap = place.choose(data).sockets
    trap.chmod(0o777)

    with pytest.raises(EmbeddedError, match=r"is not ours: remove it"):
        embedded.start(data)
    trap.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the servers to another user")
def test_root_in_a_private_folder_keeps_data_where_the_servers_can_reach_it(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = empty
    elsewhere = data.parents[1] / "var"
    data.mkdir(parents=True, mode=0o700)
    data.parent.chmod(0o700)
    elsewhere.mkdir()
    monkeypatch.setattr(place, "ELSEWHERE", elsewhere)

    database = embedded.start(data, durable=False)
    with psycopg.connect(database.database_url, autocommit=True) as connection:
        connection.execute("create table mark as select '物流' as word")
    assert (data / "postgres").readlink().parent.parent == elsewhere
    embedded.stop(data)
    assert ask(embedded.start(data, durable=False), "select word from mark") == "物流"
