"""The sandbox post: consignments over HTTP, in a ledger of its own.

Run as `python -m deploy.sandbox.post --port N --data DIR [--step-after SECONDS]`. A consignment goes accepted →
in_transit → delivered, one step every `--step-after` seconds, except for these postcodes: `99902` is returned, `99903`
is lost, `99904` stays in transit for ever. The ledger keeps no recipient: only a digest, to know a repeated request.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.store import (
    Ledger,
    Message,
    ProblemError,
    application,
    arguments,
    iso,
    key_of,
    key_reused,
    microseconds,
    not_found,
    parse,
    serve,
)

ENDS: Final = {"99902": ("returned",), "99903": ("lost",), "99904": ()}
DELIVERED: Final = ("delivered",)

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS consignment (key TEXT PRIMARY KEY, waybill TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS history (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES consignment, status TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS history_key ON history (key);
"""

Json = dict[str, object]
Line = Annotated[str, Field(min_length=1, max_length=500)]


class Recipient(Message):
    """Whom a consignment goes to. `postcode` is the five digits of the national code."""

    name: Line
    phone: Line
    address: Line
    postcode: Annotated[str, Field(pattern=r"^[0-9]{5}$")]


class NewConsignment(Message):
    """Body of `PUT /consignments/{key}`."""

    recipient: Recipient
    contents: Line


class PostLedger(Ledger):
    """Consignments with their history. `step_after` is in microseconds."""

    def __init__(self, path: Path, step_after: int) -> None:
        super().__init__(path, SCHEMA)
        self._step_after = step_after

    def put(self, key: str, new: NewConsignment) -> tuple[Json, bool]:
        """The consignment and whether it is new. Raises `ProblemError` 409 when the key stands for other content."""
        digest = hashlib.sha256(new.model_dump_json().encode()).hexdigest()
        with self.transaction() as now:
            known = self.db.execute("SELECT digest FROM consignment WHERE key = ?", (key,)).fetchone()
            if known and known["digest"] != digest:
                raise key_reused()
            if not known:
                waybill = f"E{secrets.randbelow(10**9):09d}VN"
                self.db.execute("INSERT INTO consignment VALUES (?, ?, ?)", (key, waybill, digest))
                self.happen(key, "accepted", now)
                self._plan(key, new.recipient.postcode, now)
            return self._consignment(key), not known

    def consignment(self, key: str) -> Json:
        """Raises `ProblemError` 404 when there is none."""
        with self.transaction():
            return self._consignment(key)

    def cancel(self, key: str) -> Json:
        """The cancelled consignment. Raises `ProblemError` 404 when there is none, 409 when it is already under way."""
        with self.transaction() as now:
            status = self._consignment(key)["status"]
            if status not in {"accepted", "cancelled"}:
                raise ProblemError(409, "under_way", "Only a consignment that is still accepted can be cancelled.")
            if status == "accepted":
                self.forget(key)
                self.happen(key, "cancelled", now)
            return self._consignment(key)

    def consignments(self) -> list[Json]:
        """Every consignment ever made, oldest first."""
        with self.transaction():
            keys = self.db.execute("SELECT key FROM consignment ORDER BY rowid")
            return [self._consignment(row["key"]) for row in keys]

    def happen(self, key: str, what: str, at: int) -> None:
        self.db.execute("INSERT INTO history (key, status, at) VALUES (?, ?, ?)", (key, what, at))

    def _plan(self, key: str, postcode: str, now: int) -> None:
        for step, status in enumerate(("in_transit", *ENDS.get(postcode, DELIVERED)), start=1):
            self.schedule(key, status, now + step * self._step_after)

    def _consignment(self, key: str) -> Json:
        row = self.db.execute("SELECT * FROM consignment WHERE key = ?", (key,)).fetchone()
        if not row:
            raise not_found()
        history = self.db.execute("SELECT * FROM history WHERE key = ? ORDER BY n", (key,)).fetchall()
        return {
            "key": key,
            "waybill": row["waybill"],
            "status": history[-1]["status"],
            "history": [{"status": step["status"], "at": iso(step["at"])} for step in history],
        }


class PostServer:
    """The post's HTTP face."""

    def __init__(self, ledger: PostLedger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        return [
            Route("/consignments/{key}", self.put, methods=["PUT"]),
            Route("/consignments/{key}", self.get, methods=["GET"]),
            Route("/consignments/{key}/cancel", self.cancel, methods=["POST"]),
            Route("/ledger", self.ledger, methods=["GET"]),
        ]

    async def put(self, request: Request) -> Response:
        consignment, new = self._ledger.put(key_of(request), await parse(request, NewConsignment))
        return JSONResponse(consignment, 201 if new else 200)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._ledger.consignment(key_of(request)))

    async def cancel(self, request: Request) -> Response:
        return JSONResponse(self._ledger.cancel(key_of(request)))

    async def ledger(self, _request: Request) -> Response:
        return JSONResponse({"consignments": self._ledger.consignments()})


def post(data: Path, step_after: float) -> Starlette:
    """The post over `data/post.sqlite3`; `step_after` in seconds."""
    ledger = PostLedger(data / "post.sqlite3", microseconds(step_after))
    return application(ledger, PostServer(ledger).routes())


def main() -> None:
    parser = arguments("Sandbox post")
    parser.add_argument("--step-after", type=float, default=0.2, help="seconds from one status to the next")
    options = parser.parse_args()
    serve(post(options.data, options.step_after), options.port)


if __name__ == "__main__":
    main()
