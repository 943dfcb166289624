"""The ledger of orders from the providers' interfaces, with the callbacks that report their changes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from sandbox.bank.faults import CALLBACK_FAULTS, REQUEST_FAULTS, CallbackFault, Faults, RequestFault
from sandbox.bank.faults import SCHEMA as FAULTS
from sandbox.bank.holding import SCHEMA as HOLDS
from sandbox.bank.holding import Hold, Holds
from sandbox.bank.ledger import CAPTURE, CHARGEBACK, FAIL, BankLedger, Json
from sandbox.bank.merchants import OWN, STRANGER
from sandbox.bank.wire import Call, Fact, Merchant, State, Wire, stamp
from sandbox.store import invalid, key_reused, microseconds, not_found

SCHEMA: Final = (
    FAULTS
    + HOLDS
    + """
CREATE TABLE IF NOT EXISTS wired (
    key TEXT PRIMARY KEY REFERENCES orders, wire TEXT NOT NULL, reference TEXT NOT NULL, details TEXT NOT NULL,
    failed_at INTEGER);
CREATE TABLE IF NOT EXISTS callback (
    n INTEGER PRIMARY KEY, wire TEXT NOT NULL, reference TEXT NOT NULL, call TEXT NOT NULL, next_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0, status INTEGER, answer TEXT);
CREATE INDEX IF NOT EXISTS callback_due ON callback (next_at);
"""
)
TRIES: Final = 10
_HELD: Final = 2**62
_AFTER_NEXT: Final = _HELD + 1
_DAY: Final = microseconds(24 * 60 * 60)
_LAST: Final = {
    CAPTURE: "SELECT n, amount FROM capture WHERE order_key = ? ORDER BY n DESC LIMIT 1",
    CHARGEBACK: "SELECT capture.n, capture.amount FROM chargeback JOIN capture USING (capture_id)"
    " WHERE chargeback.order_key = ? ORDER BY chargeback.n DESC LIMIT 1",
}
_OWN: Final = "SELECT n, amount, capture_id FROM capture WHERE order_key = ? ORDER BY n DESC LIMIT 1"
_REFUNDS: Final = "SELECT * FROM refund LEFT JOIN refund_said USING (key) WHERE order_key = ? ORDER BY n"
_ABOUT: Final = "SELECT * FROM callback WHERE ?1 IS NULL OR reference = ?1 ORDER BY n"
_STATES: Final[Mapping[str, State]] = {CAPTURE: "paid", FAIL: "failed", CHARGEBACK: "reversed"}


@dataclass(frozen=True)
class Standing:
    """An order from a provider's interface. `captures`: by number; `given_back`: last refunds by capture id."""

    amount: int
    description: str
    details: Mapping[str, Any]
    captures: Mapping[int, tuple[str, int, int]]
    charged_back: frozenset[str]
    given_back: Mapping[str, tuple[int, int, str]]
    failed_at: int | None


class WiredLedger(BankLedger):
    """The bank's whole ledger. `retry`: microseconds until a callback is repeated; `told`: whether any are sent."""

    def __init__(
        self,
        path: Path,
        pay_after: int,
        wires: Mapping[str, Wire],
        merchants: Mapping[str, Merchant],
        retry: int,
        *,
        told: bool,
    ) -> None:
        super().__init__(path, pay_after, SCHEMA)
        self.faults = Faults(self.db)
        self._holds = Holds(self.db)
        self.merchants = merchants
        self._wires = wires
        self._retry = retry
        self._sends_callbacks = told

    def open(self, wire: str, reference: str, amount: int, description: str, details: Json) -> str:
        """Makes a reference's order if it is new; returns its key. Raises `ProblemError` 409 if its amount differs."""
        key = f"{wire}:{reference}"
        with self.transaction():
            known = self.db.execute("SELECT amount FROM orders WHERE key = ?", (key,)).fetchone()
            if known and known["amount"] != amount:
                raise key_reused()
            if not known:
                order = (key, f"ord_{wire}_{reference}", amount, "VND", description)
                self.db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, NULL, NULL)", order)
                self.db.execute(
                    "INSERT INTO wired VALUES (?, ?, ?, ?, NULL)", (key, wire, reference, json.dumps(details))
                )
        return key

    def at_once(self, key: str, wire: str) -> bool:
        """Pays an order at once if the fault `early` is on; returns whether it did."""
        with self.transaction() as now:
            early = self.faults.take(wire, "early") is not None
            if early:
                self.happen(key, CAPTURE, now)
            return early

    def standing(self, key: str) -> Standing | None:
        with self.transaction():
            order = self.db.execute("SELECT * FROM orders JOIN wired USING (key) WHERE key = ?", (key,)).fetchone()
            captures = self.db.execute("SELECT * FROM capture WHERE order_key = ? ORDER BY n", (key,)).fetchall()
            charged = self.db.execute("SELECT capture_id FROM chargeback WHERE order_key = ?", (key,)).fetchall()
            refunds = self.db.execute(_REFUNDS, (key,)).fetchall()
        if order is None:
            return None
        return Standing(
            amount=order["amount"],
            description=order["description"],
            details=json.loads(order["details"]),
            captures={c["n"]: (c["capture_id"], c["amount"], c["at"]) for c in captures},
            charged_back=frozenset(c["capture_id"] for c in charged),
            given_back={r["capture_id"]: (r["amount"], r["at"], r["description"] or "") for r in refunds},
            failed_at=order["failed_at"],
        )

    def last(self, key: str) -> Fact | None:
        """Returns the last payment of an order, else its failure, for the payer's browser; None if it has neither."""
        standing = self.standing(key)
        if standing is None or not (standing.captures or standing.failed_at):
            return None
        n = max(standing.captures, default=0)
        _, amount, at = standing.captures.get(n, ("", standing.amount, standing.failed_at or 0))
        state: State = "paid" if n else "failed"
        reference = key.partition(":")[2]
        return Fact(reference, amount, state, n, at, standing.description, standing.details)

    def hold(self, key: str, hold: Hold) -> None:
        """Puts an order on hold. Raises `ProblemError` 404 if there is no such order."""
        with self.transaction():
            self._order(key)
            self._holds.put(key, hold)

    def answered(self, key: str) -> int:
        """Returns the number of queries about an order that were answered since it was put on hold."""
        with self.transaction():
            return self._holds.answered(key)

    def queried(self, key: str) -> bool:
        """Returns True if a query about an order may be answered now, and counts it as answered."""
        with self.transaction():
            return self._holds.queried(key)

    def refuses(self, wire: str) -> bool:
        """Returns True if the fault `refuse_refund` is on: then even a repeated request is refused."""
        with self.transaction():
            return self.faults.take(wire, "refuse_refund") is not None

    def today(self, wire: str) -> str:
        """Returns today's date in Hà Nội; with the fault `next_day`, a day later for each earlier refund."""
        with self.transaction() as now:
            passes = self.faults.take(wire, "next_day") is not None
            days = self.db.execute("SELECT count(*) FROM refund").fetchone()[0] if passes else 0
            return stamp(now + days * _DAY)[:8]

    def asked_fault(self, wire: str) -> tuple[RequestFault, int] | None:
        """Returns the name and value of the fault for the present call; None if no such fault is on."""
        with self.transaction():
            for name in REQUEST_FAULTS:
                value = self.faults.take(wire, name)
                if value is not None:
                    return name, value
        return None

    def queried_standing(self, key: str, wire: str) -> Standing | None:
        """Returns an order for a query, without its captures if the fault `pending` is on; None if no such order."""
        with self.transaction():
            pending = self.faults.take(wire, "pending") is not None
        standing = self.standing(key)
        return replace(standing, captures={}) if standing and pending else standing

    def happened(self, key: str, kind: str, at: int) -> None:
        row = self.db.execute("SELECT * FROM orders JOIN wired USING (key) WHERE key = ?", (key,)).fetchone()
        if row is None:
            return self._tell_own(key, kind, at)
        if kind == FAIL:
            self.db.execute("UPDATE wired SET failed_at = ? WHERE key = ?", (at, key))
        taken = None if kind == FAIL else self.db.execute(_LAST[kind], (key,)).fetchone()
        fact = Fact(
            reference=row["reference"],
            amount=taken["amount"] if taken else row["amount"],
            state=_STATES[kind],
            n=taken["n"] if taken else 0,
            at=at,
            description=row["description"],
            details=json.loads(row["details"]),
        )
        if self._sends_callbacks:
            self._tell(key, row["wire"], fact, at)
        return None

    def _tell_own(self, key: str, kind: str, at: int) -> None:
        """Reports a capture of an order of the bank's own JSON, if the bank has a merchant for it."""
        if kind == CAPTURE and self._sends_callbacks and OWN in self.merchants:
            taken = self.db.execute(_OWN, (key,)).fetchone()
            fact = Fact(key, taken["amount"], "paid", taken["n"], at, "", {"capture_id": taken["capture_id"]})
            self._tell(key, OWN, fact, at)

    def garnish(self, key: str, change: Callable[[str], str]) -> None:
        """Changes the memo of an order before its payment is reported. Raises `ProblemError` 422 if it has no memo."""
        with self.transaction():
            row = self.db.execute("SELECT details FROM wired WHERE key = ? AND wire = 'vietqr'", (key,)).fetchone()
            if row is None:
                raise invalid(("payer", "enum"))
            details = json.loads(row["details"])
            changed = json.dumps({**details, "memo": change(details["memo"])})
            self.db.execute("UPDATE wired SET details = ? WHERE key = ?", (changed, key))

    def callbacks_due(self) -> Sequence[Mapping[str, Any]]:
        """Returns the callbacks that are due, and counts each as sent once more."""
        with self.transaction() as now:
            due = self.db.execute("SELECT * FROM callback WHERE next_at <= ? ORDER BY next_at, n", (now,)).fetchall()
            for row in due:
                again = now + self._retry if row["tries"] + 1 < TRIES else None
                self.db.execute("UPDATE callback SET tries = tries + 1, next_at = ? WHERE n = ?", (again, row["n"]))
        return cast("Sequence[Mapping[str, Any]]", due)

    def callback(self, n: int) -> Mapping[str, Any]:
        """Returns the callback numbered `n`, and counts it as sent once more. `ProblemError` 404: there is none."""
        with self.transaction():
            row = self.db.execute("UPDATE callback SET tries = tries + 1 WHERE n = ? RETURNING *", (n,)).fetchone()
        if row is None:
            raise not_found()
        return cast("Mapping[str, Any]", row)

    def callback_answered(self, n: int, wire: str, status: int, answer: str) -> None:
        with self.transaction() as now:
            self.db.execute("UPDATE callback SET status = ?, answer = ? WHERE n = ?", (status, answer, n))
            self.db.execute(
                "UPDATE callback SET next_at = ? WHERE wire = ? AND next_at = ? AND n < ?", (now, wire, _AFTER_NEXT, n)
            )
            if self._wires[wire].acknowledged(status, answer):
                self.db.execute("UPDATE callback SET next_at = NULL WHERE n = ?", (n,))

    def callbacks(self, reference: str | None) -> list[Json]:
        """Returns the callbacks about one order, oldest first, with tries and last answers; if None, all callbacks."""
        with self.transaction():
            found = self.db.execute(_ABOUT, (reference,)).fetchall()
        names = ("n", "wire", "reference", "tries", "status", "answer")
        return [{**{name: row[name] for name in names}, "again": row["next_at"] is not None} for row in found]

    def _tell(self, key: str, wire: str, fact: Fact, now: int) -> None:
        faults = {name: value for name in CALLBACK_FAULTS if (value := self.faults.take(wire, name)) is not None}
        call = self._call(wire, fact, faults)
        if call is None:
            return
        for _ in range(faults.get("copies", 1)):
            at = now + microseconds(faults.get("late", 0))
            self._enqueue(wire, fact.reference, call, _HELD if self._holds.callbacks(key) else at)
        if "out_of_order" in faults:
            self._wait_for_next(wire, fact.reference)

    def _call(self, wire: str, fact: Fact, faults: Mapping[CallbackFault, int]) -> Call | None:
        merchant = self.merchants[wire]
        if "wrong_merchant" in faults:
            merchant = replace(merchant, name=STRANGER)
        if "wrong_signature" in faults:
            merchant = replace(merchant, secret="another")  # noqa: S106 -- nobody's
        if "wrong_amount" in faults:
            fact = replace(fact, amount=fact.amount + (faults["wrong_amount"] or 1000))
        call = self._wires[wire].tell(merchant, fact)
        return call.garbled() if call and "garbled" in faults else call

    def _enqueue(self, wire: str, reference: str, call: Call, at: int) -> None:
        content = json.dumps({"method": call.method, "query": call.query, "body": call.body, "headers": call.headers})
        self.db.execute(
            "INSERT INTO callback (wire, reference, call, next_at) VALUES (?, ?, ?, ?)", (wire, reference, content, at)
        )

    def _wait_for_next(self, wire: str, reference: str) -> None:
        """Delays an order's unsent callbacks until the interface's next callback is answered; only for one order."""
        self.db.execute(
            "UPDATE callback SET next_at = ? WHERE wire = ? AND reference = ? AND tries = 0 AND next_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM callback WHERE wire = ? AND next_at = ?)",
            (_AFTER_NEXT, wire, reference, _HELD, wire, _AFTER_NEXT),
        )

    def _when_late(self, key: str, now: int) -> int:
        row = self.db.execute("SELECT details FROM wired WHERE key = ?", (key,)).fetchone()
        ends = json.loads(row["details"]).get("expires", now) if row else now
        return super()._when_late(key, max(now, int(ends)))
