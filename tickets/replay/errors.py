"""What ends a replay, each said in one line."""

from __future__ import annotations


class ReplayError(Exception):
    """The replay can't begin or can't go on; the text is for the person at the terminal."""


class Stopped(ReplayError):
    """Somebody asked the replay to stop."""


class Refused(Exception):
    """The server understood one message and said no. The others are not affected."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({status} {code})")
        self.status = status
        self.code = code
