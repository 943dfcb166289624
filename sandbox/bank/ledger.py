"""The bank's orders, with their captures, refunds and charge-backs."""

import secrets
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from sandbox.bank.payers import LATE, PAYERS, payer_of
from sandbox.store import Ledger, Message, ProblemError, invalid, iso, key_reused, not_found

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
CREATE TABLE IF NOT EXISTS chargeback (
    n INTEGER PRIMARY KEY, capture_id TEXT NOT NULL UNIQUE, order_key TEXT NOT NULL REFERENCES orders,
    amount INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refund_said (key TEXT PRIMARY KEY, description TEXT NOT NULL);
"""

CAPTURE: Final = "capture"
CHARGEBACK: Final = "chargeback"
FAIL: Final = "fail"

Json = dict[str, object]
Dong = Annotated[int, Field(gt=0, lt=2**53)]


class NewOrder(Message):
    """Body of `PUT /orders/{key}`. Amounts are whole đồng."""

    amount: Dong
    currency: Literal["VND"]
    description: Annotated[str, Field(max_length=500)]
    payer_account: Annotated[str, Field(max_length=64)] | None = None


class NewRefund(Message):
    """Body of `PUT /refunds/{key}`, which refunds all or part of one capture. Amounts are whole đồng."""

    order_key: str
    capture_id: str
    amount: Dong


class BankLedger(Ledger):
    """Orders with their captures, refunds and charge-backs. `pay_after`: the delay of a payment, in microseconds."""

    def __init__(self, path: Path, pay_after: int, schema: str = "") -> None:
        super().__init__(path, SCHEMA + schema)
        self._pay_after = pay_after

    def put_order(self, key: str, new: NewOrder) -> tuple[Json, bool]:
        """Makes an order; returns it, and whether it is new. Raises `ProblemError` 409 if the key had other content."""
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
                self._plan(key, payer_of(new.payer_account or ""), now + self._pay_after)
            return self._order(key), not known

    def order(self, key: str) -> Json:
        """Returns an order. Raises `ProblemError` 404 if there is no order with this key."""
        with self.transaction():
            return self._order(key)

    def cancel(self, key: str) -> Json:
        """Cancels an order and returns it; a paid order stays `paid`. Raises `ProblemError` 404 if there is none."""
        with self.transaction() as now:
            if self._order(key)["status"] == "pending":
                self.db.execute("UPDATE orders SET cancelled_at = ? WHERE key = ?", (now, key))
                self.forget(key)
                account = self.db.execute("SELECT payer_account FROM orders WHERE key = ?", (key,)).fetchone()[0]
                if payer_of(account or "") == LATE:
                    self.schedule(key, "capture", now + self._pay_after)
            return self._order(key)

    def pay(self, key: str, payer: str) -> Json:
        """Pays an order of any status, as this payer. Raises `ProblemError` 404: no such order; 422: no such payer."""
        if payer not in PAYERS:
            raise invalid(("payer", "enum"))
        with self.transaction() as now:
            self._order(key)
            if payer == LATE:
                self.schedule(key, CAPTURE, self._when_late(key, now))
            self._plan(key, payer, now)
            self._settle(now)
            return self._order(key)

    def charge_back(self, key: str, capture_id: str | None = None) -> Json:
        """Charges a capture back, as a payer's bank does: the capture `capture_id`, or if None, the last capture."""
        with self.transaction() as now:
            self._order(key)
            self.happen(key, f"{CHARGEBACK}:{capture_id or ''}", now)
            return self._order(key)

    def put_refund(self, key: str, new: NewRefund, description: str = "") -> tuple[Json, bool]:
        """Makes a refund; returns it, and whether it is new. Raises `ProblemError` 409 if the key had other content.

        Raises `ProblemError` 422 if there is no such capture, or too little of it is left.
        """
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
                self.db.execute("INSERT INTO refund_said VALUES (?, ?)", (key, description))
            row = self.db.execute("SELECT * FROM refund WHERE key = ?", (key,)).fetchone()
            refund = {name: row[name] for name in ("key", "order_key", "capture_id", "amount")}
            return {**refund, "at": iso(row["at"])}, not known

    def orders(self) -> list[Json]:
        """Returns every order that was ever made, oldest first."""
        with self.transaction():
            return [self._order(row["key"]) for row in self.db.execute("SELECT key FROM orders ORDER BY rowid")]

    def happen(self, key: str, what: str, at: int) -> None:
        kind, _, how = what.partition(":")
        if kind == CAPTURE:
            self._capture(key, int(how or 0), at)
        elif kind == CHARGEBACK:
            self._charge_back(key, how, at)
        self.happened(key, kind, at)

    def happened(self, key: str, kind: str, at: int) -> None:
        """Called after each event. A subclass can add further effects here."""

    def _capture(self, key: str, more: int, at: int) -> None:
        self.db.execute(
            "INSERT INTO capture (capture_id, order_key, amount, at)"
            " SELECT ?, key, max(1, amount + ?), ? FROM orders WHERE key = ?",
            (f"cap_{secrets.token_hex(8)}", more, at, key),
        )

    def _charge_back(self, key: str, capture_id: str, at: int) -> None:
        self.db.execute(
            "INSERT OR IGNORE INTO chargeback (capture_id, order_key, amount, at)"
            " SELECT capture_id, order_key, amount, ? FROM capture"
            " WHERE order_key = ? AND ? IN ('', capture_id) ORDER BY n DESC LIMIT 1",
            (at, key, capture_id),
        )

    def _plan(self, key: str, payer: str | None, first: int) -> None:
        for what, later in PAYERS[payer].steps if payer else ():
            self.schedule(key, what, first + later * self._pay_after)

    def _when_late(self, key: str, now: int) -> int:  # noqa: ARG002 -- an order of the bank's own wire has no expiry
        return now + self._pay_after

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
        charged = self.db.execute("SELECT * FROM chargeback WHERE order_key = ? ORDER BY n", (key,)).fetchall()
        chargebacks = [{"capture_id": c["capture_id"], "amount": c["amount"], "at": iso(c["at"])} for c in charged]
        return {
            **{name: row[name] for name in ("key", "order_id", "amount", "currency", "description")},
            "status": "cancelled" if row["cancelled_at"] else "paid" if captures else "pending",
            "captures": [{"capture_id": c["capture_id"], "amount": c["amount"], "at": iso(c["at"])} for c in captures],
            "refunds": [
                {"key": r["key"], "capture_id": r["capture_id"], "amount": r["amount"], "at": iso(r["at"])}
                for r in refunds
            ],
            **({"chargebacks": chargebacks} if chargebacks else {}),
        }
