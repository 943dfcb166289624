"""An event as a row of the log: the public part, the sealed part, and the hash over both (docs/ledger.md).

The hash also binds the command's receipt, the filing's key and the epoch, so that a later change of any of them shows.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from activities.ledger.vault import FilingKey
from schemas.base import Model, Personal, fields_marked
from schemas.identity.statement import signed
from schemas.ids import canonical, event_id
from schemas.people import Actor, Role
from schemas.stream.ledger import Batch, Recorded

EACH: Final = {
    "event_id": "uuid",
    "kind": "text",
    "version": "int4",
    "body": "bytea",
    "sealed": "bytea",
    "key_id": "text",
}
"""The columns that differ between the rows of a batch, beside `seq`, with their types."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NULL: Final = b"\xff\xff\xff\xff"

_marked: Final = cache(fields_marked)
"""`fields_marked` with a cache, since every append needs the fields of a few kinds of events, which never change."""

UNBOUND: Final = b"\x01"
BOUND: Final = b"\x02"
"""The first byte of the hashed text if the row has the column `bound`; otherwise the first byte is `UNBOUND`."""

HASH: Final = r"""
sha256({hashed} || '\x00000008' || int8send((extract(epoch from {recorded_at}) * 1000000)::bigint)
    || '\x00000020' || {previous} || int4send(length({bound})) || {bound})
"""
"""The hash in SQL: only the database knows the recording time, the previous hash and the epoch."""


def columns(
    batch: Batch, recorded: Recorded, fields: dict[str, Any], version: int, ordinal: int, key: FilingKey
) -> dict[str, Any]:
    """Returns the columns of an event's row in the order in which they are hashed, up to `recorded_at`."""
    model: type[Model] = type(recorded.event)
    personal = {name: fields[name] for name in sorted(_marked(model, Personal) & set(fields))}
    public = {name: value for name, value in fields.items() if name not in personal and name != "kind"}
    actor, identity = _public_actor(recorded.actor, key)
    statement = None if ordinal else batch.statement
    private = {"event": personal, "actor": identity, "on_behalf_of": batch.on_behalf_of, "statement": statement}
    present = {name: value for name, value in private.items() if value}
    context = f"{batch.stream}\n{recorded.seq}"
    return {
        "stream": batch.stream,
        "seq": recorded.seq,
        "event_id": event_id(batch.stream, batch.command_id, ordinal),
        "filing_id": batch.filing_id,
        "agency": batch.agency,
        "kind": recorded.event.kind,
        "version": version,
        "body": canonical(public),
        "sealed": key.seal(canonical(present), context) if present else None,
        "key_id": key.key_id if present else None,
        "command_id": batch.command_id,
        "actor": canonical(actor),
        "via": _via(batch),
        "occurred_at": batch.at,
    }


def _via(batch: Batch) -> str:
    """Returns the sending program and channel; for a signed batch, also the key id and the statement's hash."""
    if batch.statement is None:
        return f"{batch.via.principal}/{batch.via.channel}"
    by = signed(batch.statement)
    return f"{by.statement.program}/{batch.via.channel}/{by.key_id}/{by.sha256}"


def _public_actor(actor: Actor, key: FilingKey) -> tuple[dict[str, str], str | None]:
    """Returns the actor's public form, and if the actor is a person, the identity to seal."""
    if actor.role in {Role.APPLICANT, Role.REPRESENTATIVE}:
        return {"role": actor.role.value, "subject": key.pseudonym(actor.subject)}, actor.subject
    return actor.model_dump(mode="json", exclude_none=True), None


def key_commitment(secret: bytes) -> str:
    """Returns a commitment to a filing's key, in hex. The commitment reveals nothing of the key."""
    return hashlib.sha256(b"\x10" + secret).hexdigest()


def receipt_binding(secret: bytes, stream: str, command_id: str, digest: str) -> str:
    """Returns a commitment to a receipt, in hex. Without the key nobody can test guesses at the digest's content."""
    said = f"receipt\n{stream}\n{command_id}\n{digest}".encode()
    return hmac.digest(secret, said, "sha256").hex()


def bindings(batch: Batch, events: int, key: FilingKey) -> list[str]:
    """Returns for each event the JSON members of the column `bound`, except the epoch, which only the log knows."""
    bound = [""] * events
    if batch.next_seq == 1:
        bound[0] = f',"key":"{key_commitment(key.secret)}"'
    bound[-1] += f',"receipt":"{receipt_binding(key.secret, batch.stream, batch.command_id, batch.digest)}"'
    return bound


def hashed(columns: dict[str, Any], layout: bytes = UNBOUND) -> bytes:
    """Returns the part of the hashed text of an event row that these columns form (layout: docs/ledger.md)."""
    parts = [layout]
    for name, value in columns.items():
        data = _field(value)
        if name in {"body", "sealed"} and data is not None:
            data = hashlib.sha256(data).digest()
        parts.append(_NULL if data is None else len(data).to_bytes(4, "big") + data)
    return b"".join(parts)


def _field(value: Any) -> bytes | None:
    match value:
        case None | bytes():
            return value
        case str():
            return value.encode()
        case UUID():
            return value.bytes
        case datetime():
            return ((value - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big", signed=True)
        case int():
            return value.to_bytes(8, "big", signed=True)
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in the hash")
