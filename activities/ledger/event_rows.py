"""An event as a row of the log: what is public, what is sealed, and the hash over both (docs/ledger.md)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from activities.ledger.vault import FilingKey
from schemas.base import Model, Personal, fields_marked
from schemas.ids import canonical, event_id
from schemas.people import Actor, Role
from schemas.stream.ledger import Batch, Recorded

EVENT_VERSION: Final = 1

INSERT: Final = """
insert into event (stream, seq, event_id, filing_id, agency, kind, version, body, sealed, key_id, command_id, actor,
                   via, occurred_at, recorded_at, prev_hash, hash)
select written.* from moved, unnest(
    $1::text[], $2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[], $8::bytea[], $9::bytea[],
    $10::text[], $11::text[], $12::bytea[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bytea[],
    $17::bytea[]
) as written
"""
"""Takes each column of all the rows as an array; stands behind a statement `moved`, as the read models' do."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NULL: Final = b"\xff\xff\xff\xff"


@cache
def _personal(event: type[Model]) -> frozenset[str]:
    return fields_marked(event, Personal)


def columns(
    batch: Batch, recorded: Recorded, fields: dict[str, Any], ordinal: int, key: FilingKey, now: datetime
) -> tuple[Any, ...]:
    """The columns of an event's row, from `stream` to `recorded_at`. `fields` is the event as plain data."""
    model: type[Model] = type(recorded.event)
    personal = {name: fields[name] for name in sorted(_personal(model) & set(fields))}
    public = {name: value for name, value in fields.items() if name not in personal and name != "kind"}
    actor, identity = _public_actor(recorded.actor, key)
    private = {"event": personal, "actor": identity, "on_behalf_of": batch.on_behalf_of}
    present = {name: value for name, value in private.items() if value}
    context = f"{batch.stream}\n{recorded.seq}"
    return (
        batch.stream,
        recorded.seq,
        event_id(batch.stream, batch.command_id, ordinal),
        batch.filing_id,
        batch.agency,
        recorded.event.kind,
        EVENT_VERSION,
        canonical(public),
        key.seal(canonical(present), context) if present else None,
        key.key_id if present else None,
        batch.command_id,
        canonical(actor),
        f"{batch.via.principal}/{batch.via.channel}",
        batch.at,
        now,
    )


def _public_actor(actor: Actor, key: FilingKey) -> tuple[dict[str, str], str | None]:
    """The actor as the log shows it, and the identity to seal if it is a person's."""
    if actor.role in {Role.APPLICANT, Role.REPRESENTATIVE}:
        return {"role": actor.role.value, "subject": key.pseudonym(actor.subject)}, actor.subject
    return actor.model_dump(mode="json", exclude_none=True), None


def chain_hash(columns: tuple[Any, ...], previous: bytes) -> bytes:
    """The hash of an event row; the layout stands in docs/ledger.md."""
    hashed = hashlib.sha256(b"\x01")
    for index, value in enumerate((*columns, previous)):
        data = _field(value)
        if index in _DIGESTED and data is not None:
            data = hashlib.sha256(data).digest()
        hashed.update(_NULL if data is None else len(data).to_bytes(4, "big") + data)
    return hashed.digest()


_DIGESTED: Final = frozenset({7, 8})
"""The places of `body` and `sealed` among the columns."""


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
            msg = f"a {type(value).__name__} has no place in the hash"
            raise TypeError(msg)
