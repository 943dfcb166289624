"""The ledger of the sandbox post: consignments with their item codes. The postcode decides the course of each."""

import hashlib
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from sandbox.store import Ledger, iso

LATE: Final = 15
"""The number of steps from the report of a false last status to the true last status."""
LONG: Final = 60
"""The number of steps to the delivery of a parcel that other parcels must overtake."""

_GOES: Final = (("in_transit", 1),)
DELIVERED: Final = (*_GOES, ("delivered", 2))
PLANS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "99902": (*_GOES, ("returned", 2)),
    "99903": (*_GOES, ("lost", 2)),
    "99904": _GOES,
    "99905": (*_GOES, ("invited", 2), ("delivered", 4)),
    "99906": (*_GOES, ("invited", 2), ("invited", 4), ("returned", 6)),
    "99907": (*_GOES, ("lost", 2)),
    "99908": (*_GOES, ("returned", 2)),
    "99910": (*_GOES, ("damaged", 2)),
    "99911": (*_GOES, ("strange", 2), ("delivered", 4)),
    "99912": (),
    "99913": (("in_transit", 0), ("delivered", LONG)),
}
"""The statuses of a parcel, each with its step, by postcode. Parcels to all other postcodes are delivered."""

AGAIN: Final = {"99903": DELIVERED, "99907": DELIVERED, "99910": DELIVERED}
"""The statuses of a filing's second and later parcels, by postcode: they are delivered."""

FOUND: Final = "99907"
"""With this postcode, a lost parcel is delivered when a second is sent, and the second once that was reported."""
NOT_RETURNED: Final = "99908"
"""With this postcode, a returned parcel is delivered after all, once a query has reported the return."""

NOT_SERVED: Final = "99909"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS consignment (key TEXT PRIMARY KEY, waybill TEXT NOT NULL, digest TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS consignment_waybill ON consignment (waybill);
CREATE TABLE IF NOT EXISTS cash_on_delivery (key TEXT PRIMARY KEY REFERENCES consignment, amount INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS history (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES consignment, status TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS history_key ON history (key);
CREATE TABLE IF NOT EXISTS after_telling (
    told TEXT NOT NULL, status TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (told, status));
CREATE TABLE IF NOT EXISTS outage (until INTEGER NOT NULL);
"""

_ONE: Final = "SELECT waybill, amount FROM consignment LEFT JOIN cash_on_delivery USING (key) WHERE key = ?"

Json = dict[str, object]


class RefusedError(Exception):
    """The post refuses the request. `code`: the post's own code for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Consignment(NamedTuple):
    """A consignment. `history`: its statuses, each with its instant in microseconds; `cod`: the đồng to collect."""

    key: str
    waybill: str
    cod: int
    history: tuple[tuple[str, int], ...]

    @property
    def status(self) -> str:
        return self.history[-1][0]

    def listed(self) -> Json:
        """Returns the consignment as a JSON object, for the list of all consignments."""
        steps = [{"status": status, "at": iso(at)} for status, at in self.history]
        return {"key": self.key, "waybill": self.waybill, "cod": self.cod, "status": self.status, "history": steps}


class PostLedger(Ledger):
    """Consignments with their histories. `step_after`: microseconds of a step. Only a digest of a recipient is kept."""

    def __init__(self, path: Path, step_after: int) -> None:
        super().__init__(path, SCHEMA)
        self._step_after = step_after

    def order(self, key: str, content: str, postcode: str, cod: int) -> Consignment:
        """Makes the order's consignment if it is new; returns it. Raises `RefusedError` if the key had other content.

        Raises `RefusedError` also if the post does not serve the postcode.
        """
        digest = hashlib.sha256(content.encode()).hexdigest()
        with self.transaction() as now:
            known = self.db.execute("SELECT digest FROM consignment WHERE key = ?", (key,)).fetchone()
            if known and known["digest"] != digest:
                raise RefusedError("110", "OrderNumber đã dùng cho nội dung khác")
            if not known:
                if postcode == NOT_SERVED:
                    raise RefusedError("120", "Không phục vụ địa chỉ này")
                waybill = f"E{secrets.randbelow(10**9):09d}VN"
                self.db.execute("INSERT INTO consignment VALUES (?, ?, ?)", (key, waybill, digest))
                self.db.execute("INSERT INTO cash_on_delivery VALUES (?, ?)", (key, cod))
                self.happen(key, "accepted", now)
                for status, steps in self._plan(key, postcode, now):
                    self.schedule(key, status, now + steps * self._step_after)
            return self._consignment(key)

    def tell(self, key: str) -> Consignment:
        """Returns the consignment that its sender queries; this can cause deliveries. Raises `RefusedError`."""
        with self.transaction() as now:
            found = self._consignment(key)
            for status, _ in found.history:
                self._schedule_waiting(key, status, now)
            return found

    def by_waybill(self, waybill: str) -> Consignment | None:
        """Returns the consignment with this item code; None if there is none."""
        with self.transaction():
            row = self.db.execute("SELECT key FROM consignment WHERE waybill = ?", (waybill,)).fetchone()
            return self._consignment(row["key"]) if row else None

    def cancel(self, key: str) -> Consignment:
        """Cancels a consignment and returns it. Raises `RefusedError` if it does not exist or has left already."""
        with self.transaction() as now:
            status = self._consignment(key).status
            if status not in {"accepted", "cancelled"}:
                raise RefusedError("130", "Bưu gửi đã đi, không huỷ được")
            if status == "accepted":
                self.forget(key)
                self.happen(key, "cancelled", now)
            return self._consignment(key)

    def consignments(self) -> list[Consignment]:
        """Returns every consignment that was ever made, oldest first."""
        with self.transaction():
            keys = self.db.execute("SELECT key FROM consignment ORDER BY rowid").fetchall()
            return [self._consignment(row["key"]) for row in keys]

    def break_down(self, length: int) -> None:
        """Begins an outage of `length` microseconds."""
        with self.transaction() as now:
            self.db.execute("DELETE FROM outage")
            self.db.execute("INSERT INTO outage VALUES (?)", (now + length,))

    def is_down(self) -> bool:
        """Returns True during an outage."""
        with self.transaction() as now:
            return bool(self.db.execute("SELECT 1 FROM outage WHERE until > ?", (now,)).fetchone())

    def happen(self, key: str, what: str, at: int) -> None:
        self.db.execute("INSERT INTO history (key, status, at) VALUES (?, ?, ?)", (key, what, at))

    def _plan(self, key: str, postcode: str, now: int) -> tuple[tuple[str, int], ...]:
        """Returns the scheduled statuses of a new consignment.

        A false last status stays until it was reported, so that a slow reader can't miss it.
        """
        first = f"{key.rpartition(':')[0]}:1"
        if postcode == NOT_RETURNED:
            self._after_telling(key, "returned", key)
        if key == first:
            return PLANS.get(postcode, DELIVERED)
        lost = self.db.execute("SELECT 1 FROM history WHERE key = ? AND status = 'lost'", (first,)).fetchone()
        if postcode == FOUND and lost:
            self.happen(first, "delivered", now)
            self._after_telling(first, "delivered", key)
            return _GOES
        return (PLANS | AGAIN).get(postcode, DELIVERED)

    def _after_telling(self, told: str, status: str, key: str) -> None:
        self.db.execute("INSERT OR IGNORE INTO after_telling VALUES (?, ?, ?)", (told, status, key))

    def _schedule_waiting(self, key: str, status: str, now: int) -> None:
        """Schedules the deliveries, of this or another consignment, that waited until this status was reported."""
        rows = self.db.execute(
            "DELETE FROM after_telling WHERE told = ? AND status = ? RETURNING key", (key, status)
        ).fetchall()
        for row in rows:
            steps = LATE if row["key"] == key else LONG
            self.schedule(row["key"], "delivered", now + steps * self._step_after)

    def _consignment(self, key: str) -> Consignment:
        row = self.db.execute(_ONE, (key,)).fetchone()
        if not row:
            raise RefusedError("140", "Không có đơn này")
        history = self.db.execute("SELECT status, at FROM history WHERE key = ? ORDER BY n", (key,)).fetchall()
        return Consignment(
            key, row["waybill"], row["amount"] or 0, tuple((step["status"], step["at"]) for step in history)
        )
