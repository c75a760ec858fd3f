"""`manage.py up`: what it keeps alive, what it leaves behind (nothing), and what it says when it cannot."""

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from config import embedded
from config.management import supervisor as supervising
from config.management.lock import alone
from config.management.own_servers import WrongAddress, check_database, check_redis
from config.management.steps import refuse_taken_port
from config.management.supervisor import MARK, Failed, Stop, Supervisor, kill_marked, stoppable

REPOSITORY = Path(__file__).resolve().parents[2]
# What a test run sets for itself and a person's terminal does not have.
OF_TESTS = {"DATABASE_URL", "REDIS_URL", "DESKFLEET_DATA", "DEBUG", "EMAIL_URL", "DJANGO_SETTINGS_MODULE"}


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.05)


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-c", script]


@pytest.fixture
def said() -> io.StringIO:
    """What the supervisor printed."""
    return io.StringIO()


def turn_until(supervisor: Supervisor, condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        supervisor.turn(0.05)


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch, said: io.StringIO) -> Iterator[Supervisor]:
    """One that is past its start, with short pauses; its children are gone after the test."""
    monkeypatch.setattr(supervising, "PAUSES", (0.01,))
    supervisor = Supervisor(f"test {uuid4()}", dict(os.environ), lambda: None)
    supervisor.ready = True
    supervisor.printer.output = said
    yield supervisor
    kill_marked(supervisor.mark)


def test_a_process_that_ends_is_started_again_even_with_code_0(supervisor: Supervisor, said: io.StringIO) -> None:
    supervisor.add("worker", python("print('物流 at work')"))
    supervisor.start()

    turn_until(supervisor, lambda: said.getvalue().count("worker | 物流 at work") >= 2)
    assert "worker ended with code 0; starting it again" in said.getvalue()


def test_grandchildren_of_a_killed_process_go_before_it_is_started_again(supervisor: Supervisor) -> None:
    script = "import subprocess, time; subprocess.Popen(['sleep', '600'], start_new_session=True); time.sleep(600)"
    supervisor.add("web", python(script))
    supervisor.start()
    turn_until(supervisor, lambda: len(sleeping(supervisor)) == 1)
    before = sleeping(supervisor)

    os.kill(supervisor.children["web"].pid or 0, signal.SIGKILL)
    turn_until(supervisor, lambda: len(sleeping(supervisor) - before) == 1)
    assert not sleeping(supervisor) & before


def sleeping(supervisor: Supervisor) -> set[int]:
    return {process.pid for process in marked(supervisor.mark) if process.name() == "sleep"}


def test_stop_prints_last_words_and_ends_who_does_not_listen(
    supervisor: Supervisor, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "GRACE", 0.5)
    stay = "print('here'); import time; time.sleep(600)"
    polite = "import signal, sys; signal.signal(15, lambda *_: sys.exit(print('good-bye'))); "
    supervisor.add("polite", python(polite + stay))
    supervisor.add("deaf", python("import signal; signal.signal(15, signal.SIG_IGN); " + stay))
    supervisor.start()
    turn_until(supervisor, lambda: said.getvalue().count("here") == 2)

    supervisor.stop()
    assert "polite | good-bye" in said.getvalue()
    until(lambda: not marked(supervisor.mark))


def test_who_cannot_even_start_stops_everything(supervisor: Supervisor) -> None:
    supervisor.ready = False
    supervisor.add("clock", python("raise SystemExit(3)"))
    supervisor.start()

    with pytest.raises(Failed, match=r"^The process 'clock' ended with code 3 while starting"):
        supervisor.turn(5)


def test_who_fails_again_and_again_is_given_up(
    supervisor: Supervisor, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "MOST_FAILURES", 2)
    supervisor.add("connector", python("raise SystemExit(4)"), vital=False)
    supervisor.start()
    turn_until(
        supervisor, lambda: "connector ended with code 4 3 times in a row and is left stopped" in said.getvalue()
    )

    supervisor.add("worker", python("import os; os.kill(os.getpid(), 9)"))
    supervisor.start()
    with pytest.raises(Failed, match=r"'worker' was killed by signal 9 3 times in a row"):
        supervisor.turn(20)


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wanted_stop_is_heard_once(wanted: signal.Signals) -> None:
    # Under nohup SIGHUP is ignored, and rightly stays so.
    signal.signal(wanted, signal.default_int_handler if wanted == signal.SIGINT else signal.SIG_DFL)
    before = signal.getsignal(wanted)
    with stoppable():
        with pytest.raises(Stop):
            os.kill(os.getpid(), wanted)
        os.kill(os.getpid(), wanted)  # While everything is being stopped.
    assert signal.getsignal(wanted) is before


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=rf"^Port {port} is taken: .* PORT={port + 1} make up\.$"):
            refuse_taken_port("127.0.0.1", port)
    with pytest.raises(Failed, match=r"^There is no port 80000"):
        refuse_taken_port("127.0.0.1", 80000)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "is not of the form postgresql://"),
        ("mysql://someone@127.0.0.1/desk", "is not of the form postgresql://"),
        ("postgresql://someone@127.0.0.1:99999/desk", "is not of the form postgresql://"),
        ("postgresql://someone:secret@127.0.0.1:1/desk", "does not answer: .*refused"),
        ("postgresql://someone@/desk?host=/nowhere", "does not answer: .*No such file"),
    ],
)
def test_a_wrong_database_url_is_told_in_one_line(url: str, told: str) -> None:
    with pytest.raises(WrongAddress, match=f"^DATABASE_URL {told}") as error:
        check_database(url)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "is not of the form redis://"),
        ("redis://127.0.0.1:1/0", "does not answer: .*refused"),
        ("unix:///nowhere.sock", "does not answer: .*No such file"),
    ],
)
def test_a_wrong_redis_url_is_told_in_one_line(url: str, told: str) -> None:
    with pytest.raises(WrongAddress, match=f"^REDIS_URL {told}") as error:
        check_redis(url)
    assert "\n" not in str(error.value)


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    told = rf"running already in this folder \(process {os.getpid()}\)"
    with alone(tmp_path), pytest.raises(Failed, match=told), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


# ---------------------------------------------------------------- the real thing


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder that the servers' user can reach, as pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="deskfleet up ", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        kill_marked(folder)
        embedded.stop(Path(folder))


class Up:
    """`manage.py up` in a process of its own, as a terminal starts it."""

    def __init__(self, data: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if name not in OF_TESTS}
        environment |= {"DESKFLEET_DATA": str(data), "DESKFLEET_DEMO": "0", "PORT": str(self.port)}
        command = [sys.executable, "manage.py", "up", *options]
        self.data = data
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def said(self) -> str:
        """Everything it printed; waits until it has ended."""
        return self.process.communicate(timeout=60)[0]

    def wait_until_healthy(self) -> None:
        until(self.is_healthy, 90)

    def is_healthy(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            return (
                httpx.get(f"http://127.0.0.1:{self.port}/health/ready", trust_env=False).status_code == httpx.codes.OK
            )
        except httpx.HTTPError:
            return False

    def child(self, words: str) -> psutil.Process:
        return next(process for process in marked(str(self.data)) if words in " ".join(process.cmdline()))


def test_it_runs_until_it_is_asked_to_stop_and_leaves_nothing(data: Path) -> None:
    first = Up(data)
    first.wait_until_healthy()

    second = Up(data)
    assert second.process.wait(30) == 1
    assert second.said().startswith(f"deskfleet: It is running already in this folder (process {first.process.pid})")

    first.child("config.web").kill()
    until(lambda: not first.is_healthy())
    first.wait_until_healthy()

    first.process.terminate()
    said = first.said()
    assert first.process.returncode == 0, said
    assert "web was killed by signal 9; starting it again" in said.replace("\n", " ")
    assert said.endswith("Stopped.\n")
    assert marked(str(data)) == []
    assert embedded.running(data) is None


def test_what_a_killed_one_left_is_ended_by_the_next(data: Path) -> None:
    killed = Up(data)
    until(lambda: any("config.web" in process.cmdline() for process in marked(str(data))), 60)
    killed.process.kill()
    killed.process.wait()
    assert marked(str(data))
    assert embedded.running(data)

    stopping = Up(data, "--stop")
    assert "Stopped." in stopping.said()
    assert stopping.process.returncode == 0
    assert marked(str(data)) == []
    assert embedded.running(data) is None


def test_it_is_asked_to_stop_while_it_is_still_preparing(data: Path) -> None:
    early = Up(data)
    until(lambda: embedded.running(data) or early.process.poll() is not None)
    early.process.send_signal(signal.SIGINT)

    said = early.said()
    assert early.process.returncode == 0, said
    assert "Traceback" not in said
    assert marked(str(data)) == []
    assert embedded.running(data) is None
