"""The common code of the sandbox servers: a ledger on disk with a scheduler, and the formats of requests and answers.

Instants are integers, microseconds since 1970-01-01T00:00Z, and are sent as ISO 8601 in UTC.
"""

import argparse
import asyncio
import logging
import re
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import uvicorn
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TICK_S: Final = 0.05
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
KEY: Final = re.compile(r"[A-Za-z0-9:._~-]{1,200}")
DUE: Final = """
CREATE TABLE IF NOT EXISTS due (n INTEGER PRIMARY KEY, key TEXT NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS due_at ON due (at);
"""

log = logging.getLogger(__name__)


class Message(BaseModel):
    """The base of request bodies: types are strict, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


M = TypeVar("M", bound=Message)


class ProblemError(Exception):
    """A refusal, sent as `application/problem+json`. `errors`: pairs (field, broken rule), without values."""

    def __init__(self, status: int, code: str, title: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.errors = errors

    def response(self) -> JSONResponse:
        body: dict[str, object] = {"type": "about:blank", "title": self.title, "status": self.status, "code": self.code}
        if self.errors:
            body["errors"] = [{"field": field, "rule": rule} for field, rule in self.errors]
        return JSONResponse(body, self.status, media_type="application/problem+json")


def not_found() -> ProblemError:
    return ProblemError(404, "not_found", "Nothing is known under this key.")


def key_reused() -> ProblemError:
    return ProblemError(
        409, "key_reused", "This key was used before with other content. Send the first content, or a new key."
    )


def invalid(*errors: tuple[str, str]) -> ProblemError:
    return ProblemError(
        422, "invalid", "The request breaks a rule. Correct the named fields and send it again.", errors
    )


class Ledger(ABC):
    """A SQLite file that survives SIGKILL at any instant, with a list of scheduled events.

    A scheduled event is a row of `due`, written in the transaction that causes it, so a restart loses no event.
    """

    def __init__(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(DUE + schema)

    @contextmanager
    def transaction(self) -> Iterator[int]:
        """Applies the due events, then yields the present instant. Stores all changes, also the block's, or none."""
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            now = time.time_ns() // 1000
            self._settle(now)
            yield now

    def schedule(self, key: str, what: str, at: int) -> None:
        self.db.execute("INSERT INTO due (key, what, at) VALUES (?, ?, ?)", (key, what, at))

    def forget(self, key: str) -> None:
        """Deletes the scheduled events of `key`."""
        self.db.execute("DELETE FROM due WHERE key = ?", (key,))

    @abstractmethod
    def happen(self, key: str, what: str, at: int) -> None:
        """Records that the event `what` happened to `key` at the instant `at`, even if the server was down then."""

    def _settle(self, now: int) -> None:
        for row in self.db.execute("SELECT * FROM due WHERE at <= ? ORDER BY at, n", (now,)).fetchall():
            self.happen(row["key"], row["what"], row["at"])
            self.db.execute("DELETE FROM due WHERE n = ?", (row["n"],))


def iso(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")


def microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def key_of(request: Request) -> str:
    """Returns the `{key}` of the path. Raises `ProblemError` 422 unless it is 1-200 letters, digits or `: . _ ~ -`."""
    key = str(request.path_params["key"])
    if not KEY.fullmatch(key):
        raise invalid(("key", "pattern"))
    return key


async def parse(request: Request, model: type[M]) -> M:
    """Returns the parsed request body. Raises `ProblemError` 422 with each wrong field and the rule that it breaks."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise invalid(*((".".join(map(str, e["loc"])) or "body", e["type"]) for e in found)) from None


def application(ledger: Ledger, routes: Sequence[Route], *jobs: Callable[[], Coroutine[None, None, None]]) -> Starlette:
    """Returns the ASGI application of a ledger. While it runs, it applies due events and runs the `jobs`."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        running = [asyncio.create_task(_tick(ledger)), *(asyncio.create_task(job()) for job in jobs)]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            ledger.db.close()

    return Starlette(routes=routes, exception_handlers=HANDLERS, lifespan=lifespan)


def arguments(description: str) -> argparse.ArgumentParser:
    """Returns a parser with the common options of all sandbox servers."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address that it listens at")
    parser.add_argument("--port", type=int, required=True, help="TCP port")
    parser.add_argument("--data", type=Path, required=True, help="directory of the ledger file; made if missing")
    return parser


def serve(app: Starlette, options: argparse.Namespace) -> None:
    """Serve until a signal stops the server. There is no access log: paths may contain personal data."""
    uvicorn.run(app, host=options.host, port=options.port, access_log=False, log_level="warning")


async def _tick(ledger: Ledger) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        try:
            with ledger.transaction():
                pass
        except sqlite3.OperationalError as error:
            # A full disk is temporary; due events stay on the list, and the next tick or read tries again.
            log.warning("ledger not writable: %s", error.sqlite_errorname)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 -- registered for this class only; narrows the type
    return error.response()


async def _on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class only; narrows the type
    return ProblemError(error.status_code, f"http_{error.status_code}", error.detail).response()


HANDLERS: Final = {ProblemError: _on_problem, HTTPException: _on_http_exception}
"""The handlers that turn exceptions of a sandbox server into answers."""
