"""The sandbox bank: orders, captures and refunds over HTTP, in a ledger of its own.

Run as `python -m deploy.sandbox.bank --port N --data DIR [--pay-after SECONDS]`. How a payer behaves is told by the
last characters of `payer_account`:

- `-0001` pays after `--pay-after` seconds
- `-0002` pays late: `--pay-after` seconds after the order was cancelled
- `-0003` pays twice: after `--pay-after` seconds, and once more as long after that
- `-0004` never pays; like any other account it still may on the pay page (`POST /orders/{key}/pay`)
"""

import html
import secrets
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.sandbox.store import (
    Ledger,
    Message,
    ProblemError,
    application,
    arguments,
    invalid,
    iso,
    key_of,
    key_reused,
    microseconds,
    not_found,
    parse,
    serve,
)

PAYS: Final = "-0001"
PAYS_LATE: Final = "-0002"
PAYS_TWICE: Final = "-0003"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    key TEXT PRIMARY KEY, order_id TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
    description TEXT NOT NULL, payer_account TEXT, cancelled_at INTEGER);
CREATE TABLE IF NOT EXISTS capture (
    n INTEGER PRIMARY KEY, capture_id TEXT NOT NULL UNIQUE, order_key TEXT NOT NULL REFERENCES orders,
    amount INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS capture_order ON capture (order_key);
CREATE TABLE IF NOT EXISTS refund (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, order_key TEXT NOT NULL REFERENCES orders,
    capture_id TEXT NOT NULL, amount INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS refund_order ON refund (order_key);
"""

Json = dict[str, object]
Dong = Annotated[int, Field(gt=0, lt=2**53)]


class NewOrder(Message):
    """Body of `PUT /orders/{key}`. Amounts are whole đồng."""

    amount: Dong
    currency: Literal["VND"]
    description: Annotated[str, Field(max_length=500)]
    payer_account: Annotated[str, Field(max_length=64)] | None = None


class NewRefund(Message):
    """Body of `PUT /refunds/{key}`: give back part or all of one capture. Amounts are whole đồng."""

    order_key: str
    capture_id: str
    amount: Dong


class BankLedger(Ledger):
    """Orders with what was captured and refunded on them. `pay_after` is in microseconds."""

    def __init__(self, path: Path, pay_after: int) -> None:
        super().__init__(path, SCHEMA)
        self._pay_after = pay_after

    def put_order(self, key: str, new: NewOrder) -> tuple[Json, bool]:
        """The order and whether it is new. Raises `ProblemError` 409 when the key stands for other content."""
        content = (new.amount, new.currency, new.description, new.payer_account)
        with self.transaction() as now:
            known = self.db.execute(
                "SELECT amount, currency, description, payer_account FROM orders WHERE key = ?", (key,)
            ).fetchone()
            if known and tuple(known) != content:
                raise key_reused()
            if not known:
                order = (key, f"ord_{secrets.token_hex(8)}", *content)
                self.db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, NULL)", order)
                self._plan(key, new.payer_account or "", now)
            return self._order(key), not known

    def order(self, key: str) -> Json:
        """Raises `ProblemError` 404 when there is none."""
        with self.transaction():
            return self._order(key)

    def cancel(self, key: str) -> Json:
        """The order after the attempt: `paid` when money came first. Raises `ProblemError` 404 when there is none."""
        with self.transaction() as now:
            if self._order(key)["status"] == "pending":
                self.db.execute("UPDATE orders SET cancelled_at = ? WHERE key = ?", (now, key))
                self.forget(key)
                account = self.db.execute("SELECT payer_account FROM orders WHERE key = ?", (key,)).fetchone()[0]
                if (account or "").endswith(PAYS_LATE):
                    self.schedule(key, "capture", now + self._pay_after)
            return self._order(key)

    def pay(self, key: str) -> Json:
        """A person pays the whole amount, whatever the order's status. Raises `ProblemError` 404 when there is none."""
        with self.transaction() as now:
            self._order(key)
            self.happen(key, "capture", now)
            return self._order(key)

    def put_refund(self, key: str, new: NewRefund) -> tuple[Json, bool]:
        """The refund and whether it is new. `ProblemError` 409: key reused; 422: no such capture, or too much."""
        content = (new.order_key, new.capture_id, new.amount)
        with self.transaction() as now:
            known = self.db.execute("SELECT order_key, capture_id, amount FROM refund WHERE key = ?", (key,)).fetchone()
            if known and tuple(known) != content:
                raise key_reused()
            if not known:
                self._check_refund(new)
                self.db.execute(
                    "INSERT INTO refund (key, order_key, capture_id, amount, at) VALUES (?, ?, ?, ?, ?)",
                    (key, *content, now),
                )
            row = self.db.execute("SELECT * FROM refund WHERE key = ?", (key,)).fetchone()
            refund = {name: row[name] for name in ("key", "order_key", "capture_id", "amount")}
            return {**refund, "at": iso(row["at"])}, not known

    def orders(self) -> list[Json]:
        """Every order ever made, oldest first."""
        with self.transaction():
            return [self._order(row["key"]) for row in self.db.execute("SELECT key FROM orders ORDER BY rowid")]

    def happen(self, key: str, what: str, at: int) -> None:  # noqa: ARG002 -- a bank has one thing to happen: a capture
        self.db.execute(
            "INSERT INTO capture (capture_id, order_key, amount, at)"
            " SELECT ?, key, amount, ? FROM orders WHERE key = ?",
            (f"cap_{secrets.token_hex(8)}", at, key),
        )

    def _plan(self, key: str, account: str, now: int) -> None:
        if account.endswith((PAYS, PAYS_TWICE)):
            self.schedule(key, "capture", now + self._pay_after)
        if account.endswith(PAYS_TWICE):
            self.schedule(key, "capture", now + 2 * self._pay_after)

    def _check_refund(self, new: NewRefund) -> None:
        captured = self.db.execute(
            "SELECT amount FROM capture WHERE order_key = ? AND capture_id = ?", (new.order_key, new.capture_id)
        ).fetchone()
        if not captured:
            raise invalid(("capture_id", "unknown_capture"))
        refunded = self.db.execute("SELECT amount FROM refund WHERE capture_id = ?", (new.capture_id,)).fetchall()
        if sum(row["amount"] for row in refunded) + new.amount > captured["amount"]:
            raise ProblemError(
                422,
                "exceeds_capture",
                "All refunds of a capture together may not exceed it.",
                [("amount", "exceeds_capture")],
            )

    def _order(self, key: str) -> Json:
        row = self.db.execute("SELECT * FROM orders WHERE key = ?", (key,)).fetchone()
        if not row:
            raise not_found()
        captures = self.db.execute("SELECT * FROM capture WHERE order_key = ? ORDER BY n", (key,)).fetchall()
        refunds = self.db.execute("SELECT * FROM refund WHERE order_key = ? ORDER BY n", (key,)).fetchall()
        return {
            **{name: row[name] for name in ("key", "order_id", "amount", "currency", "description")},
            "status": "cancelled" if row["cancelled_at"] else "paid" if captures else "pending",
            "captures": [{"capture_id": c["capture_id"], "amount": c["amount"], "at": iso(c["at"])} for c in captures],
            "refunds": [
                {"key": r["key"], "capture_id": r["capture_id"], "amount": r["amount"], "at": iso(r["at"])}
                for r in refunds
            ],
        }


class BankServer:
    """The bank's HTTP face."""

    def __init__(self, ledger: BankLedger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        return [
            Route("/orders/{key}", self.put_order, methods=["PUT"]),
            Route("/orders/{key}", self.get_order, methods=["GET"]),
            Route("/orders/{key}/cancel", self.cancel, methods=["POST"]),
            Route("/orders/{key}/pay", self.pay, methods=["POST"]),
            Route("/orders/{key}/pay", self.pay_page, methods=["GET"], name="pay_page"),
            Route("/refunds/{key}", self.put_refund, methods=["PUT"]),
            Route("/ledger", self.ledger, methods=["GET"]),
        ]

    async def put_order(self, request: Request) -> Response:
        order, new = self._ledger.put_order(key_of(request), await parse(request, NewOrder))
        return JSONResponse(_with_pay_url(request, order), 201 if new else 200)

    async def get_order(self, request: Request) -> Response:
        return JSONResponse(_with_pay_url(request, self._ledger.order(key_of(request))))

    async def cancel(self, request: Request) -> Response:
        return JSONResponse(_with_pay_url(request, self._ledger.cancel(key_of(request))))

    async def pay(self, request: Request) -> Response:
        order = self._ledger.pay(key_of(request))
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(request.url, 303)
        return JSONResponse(_with_pay_url(request, order))

    async def pay_page(self, request: Request) -> Response:
        order = self._ledger.order(key_of(request))
        return HTMLResponse(
            "<!doctype html><html lang='vi'><meta charset='utf-8'><title>Ngân hàng thử nghiệm · Sandbox bank</title>"
            f"<h1>Ngân hàng thử nghiệm · Sandbox bank</h1><p>{html.escape(str(order['description']))}</p>"
            f"<p>{order['amount']} ₫ · {order['status']}</p>"
            "<form method='post'><button>Thanh toán · Pay</button></form></html>"
        )

    async def put_refund(self, request: Request) -> Response:
        refund, new = self._ledger.put_refund(key_of(request), await parse(request, NewRefund))
        return JSONResponse(refund, 201 if new else 200)

    async def ledger(self, request: Request) -> Response:
        return JSONResponse({"orders": [_with_pay_url(request, order) for order in self._ledger.orders()]})


def _with_pay_url(request: Request, order: Json) -> Json:
    return {**order, "pay_url": str(request.url_for("pay_page", key=order["key"]))}


def bank(data: Path, pay_after: float) -> Starlette:
    """The bank over `data/bank.sqlite3`; `pay_after` in seconds."""
    ledger = BankLedger(data / "bank.sqlite3", microseconds(pay_after))
    return application(ledger, BankServer(ledger).routes())


def main() -> None:
    parser = arguments("Sandbox bank")
    parser.add_argument("--pay-after", type=float, default=0.3, help="seconds until a payer who pays by itself pays")
    options = parser.parse_args()
    serve(bank(options.data, options.pay_after), options.port)


if __name__ == "__main__":
    main()
