"""The sandbox receipt service: numbers receipts for agencies without a series of their own, and keeps its own ledger.

Run as `python -m sandbox.receipts --port N --data DIR --secret TEXT`. `PUT /outage` with `{"fault": "down"}`
makes it answer 503; after `"hang"` it executes requests but does not answer; `"none"` ends the outage.
"""

import asyncio
import hmac
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import (
    Ledger,
    Message,
    ProblemError,
    application,
    arguments,
    key_of,
    key_reused,
    not_found,
    parse,
    serve,
)

SERIES: Final = "1C26TBL"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS receipt (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, order_ TEXT NOT NULL, void INTEGER NOT NULL DEFAULT 0);
"""

Fault = Literal["none", "down", "hang"]
Json = dict[str, object]


class Outage(Message):
    """Body of `PUT /outage`: the fault that begins; `none` ends it."""

    fault: Fault


class Item(Message):
    """A line of a receipt. The amount is in đồng."""

    code: str
    amount: Annotated[int, Field(gt=0)]


class Order(Message):
    """Body of `PUT /receipts/{key}`: the payment with its payer and agency. Amounts are whole đồng."""

    agency: str
    kind: Literal["phi", "le_phi"]
    amount: Annotated[int, Field(gt=0)]
    lines: Annotated[tuple[Item, ...], Field(strict=False)]
    payer: str
    code: str
    replaces: str | None


class ReceiptLedger(Ledger):
    """The issued receipts, each under its key."""

    def put(self, key: str, order: Order) -> Json:
        """Issues a key's receipt if the key is new; returns it. `ProblemError` 409: the key had other content."""
        content = order.model_dump_json()
        with self.transaction():
            known = self.db.execute("SELECT order_ FROM receipt WHERE key = ?", (key,)).fetchone()
            if known and known["order_"] != content:
                raise key_reused()
            if not known:
                self.db.execute("INSERT INTO receipt (key, order_) VALUES (?, ?)", (key, content))
            return self._receipt(key)

    def void(self, key: str) -> Json:
        """Voids a receipt and returns it. Raises `ProblemError` 404 if the key has no receipt."""
        with self.transaction():
            self.db.execute("UPDATE receipt SET void = 1 WHERE key = ?", (key,))
            return self._receipt(key)

    def all(self) -> list[Json]:
        """Returns every receipt that was ever issued, oldest first."""
        with self.transaction():
            return [self._receipt(row["key"]) for row in self.db.execute("SELECT key FROM receipt ORDER BY n")]

    def happen(self, key: str, what: str, at: int) -> None:
        raise NotImplementedError  # nothing is ever scheduled

    def _receipt(self, key: str) -> Json:
        row = self.db.execute("SELECT * FROM receipt WHERE key = ?", (key,)).fetchone()
        if not row:
            raise not_found()
        return {"key": row["key"], "series": SERIES, "number": f"{row['n']:07d}", "void": bool(row["void"])}


class ReceiptServer:
    """The HTTP interface of the receipt service."""

    def __init__(self, ledger: ReceiptLedger, secret: str) -> None:
        self._ledger = ledger
        self._authorization = f"Bearer {secret}".encode()
        self._fault: Fault = "none"
        self._over = asyncio.Event()

    def routes(self) -> list[Route]:
        return [
            Route("/receipts/{key}", self.put, methods=["PUT"]),
            Route("/receipts/{key}/void", self.void, methods=["PUT"]),
            Route("/ledger", self.ledger, methods=["GET"]),
            Route("/outage", self.outage, methods=["PUT"]),
        ]

    async def put(self, request: Request) -> Response:
        self._check(request)
        order = await parse(request, Order)
        return await self._answer(self._ledger.put(key_of(request), order))

    async def void(self, request: Request) -> Response:
        self._check(request)
        return await self._answer(self._ledger.void(key_of(request)))

    async def ledger(self, _request: Request) -> Response:
        return JSONResponse({"receipts": self._ledger.all()})

    async def outage(self, request: Request) -> Response:
        self._fault = (await parse(request, Outage)).fault
        self._over.set()
        self._over = asyncio.Event()
        return JSONResponse({"fault": self._fault})

    def _check(self, request: Request) -> None:
        if self._fault == "down":
            raise ProblemError(503, "down", "The service is away.")
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._authorization):
            raise ProblemError(401, "not_known", "Send the secret that was agreed.")

    async def _answer(self, body: Json) -> Response:
        if self._fault == "hang":
            await self._over.wait()
        return JSONResponse(body)


def receipts(data: Path, secret: str) -> Starlette:
    """Returns the service over `data/receipts.sqlite3`. `secret`: the bearer token that callers must send."""
    ledger = ReceiptLedger(data / "receipts.sqlite3", SCHEMA)
    return application(ledger, ReceiptServer(ledger, secret).routes())


def main() -> None:
    parser = arguments("Sandbox receipt service")
    parser.add_argument("--secret", required=True, help="what callers send as a bearer token")
    options = parser.parse_args()
    serve(receipts(options.data, options.secret), options)


if __name__ == "__main__":
    main()
