"""The ledger of the sandbox trust: certificate holders, and requests to the remote signer.

The last digits of a person's number decide how that person behaves:

- `9901` declines to sign
- `9902` signs late, `slow_after` after the request
- `9903` has a certificate with another person's number
- `9904` has an expired certificate
- `9905` has a certificate that was revoked before its first use
- `9906` has a certificate without a number
"""

import base64
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.x509.oid import NameOID
from pydantic import AwareDatetime, Field

from sandbox.store import EPOCH, Ledger, Message, iso, key_reused, not_found
from sandbox.trust.authority import DAY, Authority, Holder, Revoked, opened, private

DECLINES: Final = "9901"
SLOW: Final = "9902"
OTHER: Final = "9903"
EXPIRED: Final = "9904"
REVOKED: Final = "9905"
NAMELESS: Final = "9906"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS holder (
    serial TEXT PRIMARY KEY, number TEXT NOT NULL, url TEXT NOT NULL, certificate BLOB NOT NULL, key BLOB NOT NULL,
    revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS asked (
    key TEXT PRIMARY KEY, number TEXT NOT NULL, digest TEXT NOT NULL, status TEXT NOT NULL, signature BLOB, at INTEGER);
"""
PAGE: Final = 1000
"""The number of requests on a page."""

Json = dict[str, object]
Line = Annotated[str, Field(min_length=1, max_length=200)]
DER: Final = serialization.Encoding.DER


@dataclass(frozen=True)
class SubjectStyle:
    """How a certificate's subject states the number of a person or an organisation. Unconfirmed, so it is a setting."""

    attribute: x509.ObjectIdentifier = NameOID.USER_ID
    person: str = "CCCD:"
    organisation: str = "MST:"


class NewHolder(Message):
    """Body of `PUT /people/{number}`."""

    name: Line
    kind: Literal["person", "organisation"] = "person"


class Revocation(Message):
    """Body of `POST /people/{number}/revoke`. `at`: the time of the revocation; now if None."""

    at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class NewSignature(Message):
    """Body of `PUT /requests/{key}`: the signer's number, and the SHA-256 of the content to sign, in hex."""

    number: str
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class People(Ledger):
    """The certificate holders and their requests. `slow_after`: the delay of a slow signer, in microseconds."""

    def __init__(self, path: Path, authority: Authority, slow_after: int, style: SubjectStyle) -> None:
        super().__init__(path, SCHEMA)
        if "at" not in {column["name"] for column in self.db.execute("PRAGMA table_info (asked)")}:
            self.db.execute("ALTER TABLE asked ADD COLUMN at INTEGER")  # an older ledger has no `at`
        self._authority = authority
        self._slow_after = slow_after
        self._style = style

    def put(self, number: str, new: NewHolder) -> Json:
        """Returns the holder's certificate and the issuer's, in this order. Makes the holder if the number is new."""
        with self.transaction():
            row = self._row(number)
            holder = _holder(row) if row else self._make(number, new)
        chain = (holder.certificate, self._authority.issuing.certificate)
        return {"certificates": [base64.b64encode(one.public_bytes(DER)).decode() for one in chain]}

    def revoke(self, number: str, at: datetime | None) -> None:
        with self.transaction() as now:
            row = self._row(number)
            if not row:
                raise not_found()
            since = (at - EPOCH) // timedelta(microseconds=1) if at else now
            self.db.execute("UPDATE holder SET revoked_at = ? WHERE serial = ?", (since, row["serial"]))

    def certificate(self, serial: int) -> x509.Certificate | None:
        """Returns the holder's certificate with this serial number; None if no holder has one."""
        row = self.db.execute("SELECT certificate FROM holder WHERE serial = ?", (f"{serial:x}",)).fetchone()
        return None if row is None else x509.load_der_x509_certificate(row["certificate"])

    def revoked(self) -> Revoked:
        rows = self.db.execute("SELECT serial, revoked_at FROM holder WHERE revoked_at IS NOT NULL")
        return {int(row["serial"], 16): EPOCH + timedelta(microseconds=row["revoked_at"]) for row in rows}

    def ask(self, key: str, new: NewSignature) -> tuple[Json, bool]:
        """Makes a signature request; returns its state, and whether it is new.

        Raises `ProblemError` 404 if there is no such holder, 409 if the key had other content.
        """
        with self.transaction() as now:
            known = self.db.execute("SELECT number, digest FROM asked WHERE key = ?", (key,)).fetchone()
            if known and tuple(known) != (new.number, new.digest):
                raise key_reused()
            if not known:
                if not self._row(new.number):
                    raise not_found()
                asked = (key, new.number, new.digest, now)
                self.db.execute("INSERT INTO asked VALUES (?, ?, ?, 'waiting', NULL, ?)", asked)
                self._answer(key, new.number, now)
            return self._request(key), known is None

    def request(self, key: str) -> Json:
        with self.transaction():
            return self._request(key)

    def hurry(self, key: str) -> Json:
        """Lets a slow signer sign now. Raises `ProblemError` 404 if there is no request under this key."""
        with self.transaction() as now:
            self.db.execute("UPDATE due SET at = ? WHERE key = ?", (now, key))
            self._settle(now)
            return self._request(key)

    def requests(self, before: int) -> Json:
        """Returns a page of requests, newest first, each with the time of its last change.

        `next`: the value of `before` for the next page; None on the last page.
        """
        with self.transaction():
            rows = self.db.execute(
                "SELECT rowid, * FROM asked WHERE rowid < ? ORDER BY rowid DESC LIMIT ?", (before, PAGE)
            ).fetchall()
        told = [{name: row[name] for name in ("key", "number", "digest", "status")} for row in rows]
        ats = [{"at": None if row["at"] is None else iso(row["at"])} for row in rows]
        listed = [one | at for one, at in zip(told, ats, strict=True)]
        return {"requests": listed, "next": rows[-1]["rowid"] if len(rows) == PAGE else None}

    def happen(self, key: str, what: str, at: int) -> None:
        asked = self.db.execute("SELECT * FROM asked WHERE key = ?", (key,)).fetchone()
        signature = self._sign(asked["number"], bytes.fromhex(asked["digest"])) if what == "signed" else None
        self.db.execute("UPDATE asked SET status = ?, signature = ?, at = ? WHERE key = ?", (what, signature, at, key))

    def _answer(self, key: str, number: str, now: int) -> None:
        if number.endswith(SLOW):
            self.schedule(key, "signed", now + self._slow_after)
        else:
            self.happen(key, "declined" if number.endswith(DECLINES) else "signed", now)

    def _sign(self, number: str, digest: bytes) -> bytes:
        row = self._row(number)
        if row is None:
            raise not_found()
        return _holder(row).key.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))

    def _request(self, key: str) -> Json:
        row = self.db.execute("SELECT status, signature FROM asked WHERE key = ?", (key,)).fetchone()
        if not row:
            raise not_found()
        signature = row["signature"]
        return {
            "status": row["status"],
            "signature": base64.b64encode(signature).decode() if signature is not None else None,
        }

    def _row(self, number: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(
            "SELECT * FROM holder WHERE number = ? AND url = ?", (number, self._authority.url)
        ).fetchone()
        return found

    def _make(self, number: str, new: NewHolder) -> Holder:
        now = self._authority.now
        prefix = self._style.person if new.kind == "person" else self._style.organisation
        shown = number[:-4] + "0000" if number.endswith(OTHER) else number
        subject = [(NameOID.COUNTRY_NAME, "VN"), (NameOID.COMMON_NAME, new.name[:64])]
        if new.kind == "organisation":
            subject.append((NameOID.ORGANIZATION_NAME, new.name[:64]))
        if not number.endswith(NAMELESS):
            subject.append((self._style.attribute, prefix + shown))
        holder = self._authority.person(subject, until=now - DAY if number.endswith(EXPIRED) else None)
        at = (now - DAY - EPOCH) // timedelta(microseconds=1) if number.endswith(REVOKED) else None
        der = holder.certificate.public_bytes(DER)
        row = (f"{holder.certificate.serial_number:x}", number, self._authority.url, der, private(holder.key), at)
        self.db.execute("INSERT INTO holder VALUES (?, ?, ?, ?, ?, ?)", row)
        return holder


def _holder(row: sqlite3.Row) -> Holder:
    return Holder(x509.load_der_x509_certificate(row["certificate"]), opened(row["key"]))
