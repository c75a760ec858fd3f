"""The server's REST API as a replay needs it: patient with a server that dies and comes back."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx

from tickets.replay.errors import Refused, ReplayError, Stopped

PATIENCE = 120.0  # seconds from a request's first failure to giving up
LONGEST_PAUSE = 2.0  # seconds
PAGE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted POST said, and how long the accepted attempt took."""

    body: dict[str, Any]
    seconds: float


class Api:
    """Safe to share between threads. Everything sent twice must be idempotent at the server, and is.

    A lost connection, a time-out, 429 and 5xx are tried again, ever more slowly, for `patience` seconds; then
    ReplayError. Any other refusal raises Refused at once. After `stopped` is set, nothing is begun: Stopped.
    """

    def __init__(
        self,
        url: str,
        *,
        host: str,
        secret: str,
        parallel: int = 8,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self.patience = patience
        self.stopped = threading.Event()
        self.retried = 0
        self._counting = threading.Lock()
        self._client = httpx.Client(
            base_url=url,
            # Where *.localhost is not resolved, the address is; the host is in the header.
            headers={"Authorization": f"Bearer {secret}", "Host": host, "Accept-Language": "en"},
            timeout=httpx.Timeout(30, connect=5),
            limits=httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel),
            trust_env=False,  # a proxy of the environment is not for a server of ours
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def greet(self, store: str) -> datetime:
        """The server's time at the beginning. Raises ReplayError if it is not there or does not open the store."""
        try:
            response = self._client.get("/api/v1/stores/")
        except httpx.TransportError as error:
            raise ReplayError(
                f"No server answers at {self.url} ({error}): start it with `make up`, or name it with --url."
            ) from error
        host = self._client.headers["Host"]
        if not response.is_success:
            raise ReplayError(f"The server at {self.url} answers {response.status_code} for {host}: is it this desk's?")
        if store not in {row["slug"] for row in response.json()}:
            raise ReplayError(
                f"The server at {self.url} has no store {store!r} on {host}: does it use another database?"
            )
        date = response.headers.get("Date")
        return parsedate_to_datetime(date) if date else datetime.now(UTC).replace(microsecond=0)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        response, seconds = self._request("POST", path, json=body)
        return Answer(response.json(), seconds)

    def rows(self, path: str) -> Iterator[dict[str, Any]]:
        """Every row of a paged list, by its cursors. Raises ReplayError where it is not to be read."""
        params: dict[str, str | int] = {"limit": PAGE}
        while True:
            try:
                page = self._request("GET", path, params=params)[0].json()
            except Refused as refused:
                raise ReplayError(f"{path} can't be read back: {refused}") from refused
            yield from page["results"]
            if not page["next"]:
                return
            params["cursor"] = page["next"]

    def _request(self, method: str, path: str, **more: Any) -> tuple[httpx.Response, float]:
        gives_up_at: float | None = None
        pause = 0.1
        while True:
            if self.stopped.is_set():
                raise Stopped
            began = time.monotonic()
            try:
                response = self._client.request(method, path, **more)
                problem = _passing_problem(response)
            except httpx.TransportError as error:
                problem = str(error) or type(error).__name__
            else:
                if problem is None:
                    return _accepted(response), time.monotonic() - began
            gives_up_at = gives_up_at or time.monotonic() + self.patience
            if time.monotonic() + pause > gives_up_at:
                raise ReplayError(f"{self.url} has failed for {self.patience:.0f} s: {method} {path}: {problem}.")
            self._count_retry()
            self.stopped.wait(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads the load, hides nothing
            pause = min(pause * 2, LONGEST_PAUSE)

    def _count_retry(self) -> None:
        with self._counting:
            self.retried += 1


def _passing_problem(response: httpx.Response) -> str | None:
    """What may be over at the next try."""
    return f"answer {response.status_code}" if response.status_code == 429 or response.is_server_error else None


def _accepted(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        error = response.json()["error"]
        refused = Refused(response.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        refused = Refused(response.status_code, "unknown", "no reason given")
    if response.status_code == 401:
        raise ReplayError(f"The token of this run opens nothing any more: {refused}.")
    raise refused
