"""The event log: appends, and nothing else writes it.

An append is one transaction. It is optimistic and answers with what the log holds: if rows from `next_seq` on are
there already, it writes nothing and returns them (docs/ledger.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import LocalActivityConfig

from activities import read_models
from activities.failpoint import failpoint
from activities.vault import FilingKey, Vault
from rules.working_time import VIETNAM
from schemas.base import Model, Personal, fields_marked, numbered_fields
from schemas.errors import Refusal, RefusalCode, problem
from schemas.ids import canonical, event_id
from schemas.ledger import AnyEvent, Appended, Batch, Receipt, Recorded
from schemas.people import OFFICERS, Actor, Role

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"

LEDGER: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=100),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=5),
    ),
)
"""An append never gives up: it may have been committed."""

ACQUIRE_SECONDS: Final = 2
EVENT_VERSION: Final = 1

_ANY_EVENT: Final[TypeAdapter[Any]] = TypeAdapter(AnyEvent)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NULL: Final = b"\xff\xff\xff\xff"

_NUMBERS: Final = {
    "dossier": ("%Y%m%d", "{agency}-{period}-{n:07d}"),
    "payment": ("%Y%m%d", "{agency}-{period}-P{n:07d}"),
    "parcel": ("%Y%m%d", "{agency}-{period}-G{n:07d}"),
    "receipt": ("%Y", "{agency}-{period}-R{n:07d}"),
}

_INSERT_EVENT: Final = """
insert into event (stream, seq, event_id, filing_id, agency, kind, version, body, sealed, key_id, command_id, actor,
                   via, occurred_at, recorded_at, prev_hash, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""


@dataclass(frozen=True)
class _Head:
    epoch: int
    seq: int
    hash: bytes
    now: datetime


class Ledger:
    """Appends to the event log through a pool that the worker owns."""

    def __init__(self, pool: asyncpg.Pool[Any], vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    @activity.defn(name="ledger.append")
    async def append(self, batch: Batch) -> Appended:
        """Append the batch, or say what the log holds instead.

        Raises `LedgerConflict`, never to be retried, if a later epoch has taken the stream over.
        """
        with unreachable():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
                answer = await self._append(connection, batch)
        failpoint("ledger.committed")
        return answer

    async def _append(self, connection: Connection, batch: Batch) -> Appended:
        head = await _lock(connection, batch.stream)
        if batch.epoch is not None and head.epoch != batch.epoch:
            msg = "a later run has taken this stream over"
            raise ApplicationError(msg, type=RefusalCode.LEDGER_CONFLICT, non_retryable=True)
        if head.seq >= batch.next_seq:
            return await self._held(connection, batch, head)
        if not batch.events:
            return Appended(epoch=head.epoch)
        if not await _known_officer(connection, batch):
            return Appended(epoch=head.epoch, refused=_unknown(batch.actor))
        if head.seq == 0:
            await _open(connection, batch)
        return await self._write(connection, batch, head)

    async def _write(self, connection: Connection, batch: Batch, head: _Head) -> Appended:
        numbers: dict[str, str] = {}
        stored: list[Recorded] = []
        key = await self._vault.key(connection, batch.filing_id, batch.agency)
        previous = head.hash
        for ordinal, proposed in enumerate(batch.events):
            event = await _number(connection, batch, proposed, numbers)
            recorded = Recorded(
                seq=head.seq + 1 + ordinal, at=batch.at, command_id=batch.command_id, actor=batch.actor, event=event
            )
            columns = _columns(batch, recorded, ordinal, key, head.now)
            row_hash = chain_hash(columns, previous)
            await connection.execute(_INSERT_EVENT, *columns, previous, row_hash)
            stored.append(recorded)
            previous = row_hash
        receipt = Receipt(
            command_id=batch.command_id,
            digest=batch.digest,
            seq=stored[-1].seq,
            at=batch.at,
            code=numbers.get("dossier") or (batch.rows.filing.code if batch.rows.filing else None),
        )
        await _close(connection, batch, receipt, previous, head.now)
        await read_models.write(connection, batch, numbers)
        return Appended(epoch=head.epoch, stored=tuple(stored), receipts=(receipt,))

    async def _held(self, connection: Connection, batch: Batch, head: _Head) -> Appended:
        rows = await connection.fetch(
            "select seq, kind, body, sealed, command_id, actor, occurred_at from event "
            "where stream = $1 and seq >= $2 order by seq",
            batch.stream,
            batch.next_seq,
        )
        receipts = await connection.fetch(
            "select body from receipt where stream = $1 and seq >= $2 order by seq", batch.stream, batch.next_seq
        )
        key = await self._vault.key(connection, batch.filing_id, batch.agency)
        return Appended(
            epoch=head.epoch,
            stored=tuple(_recorded(batch.stream, row, key) for row in rows),
            receipts=tuple(Receipt.model_validate_json(row["body"]) for row in receipts),
        )


@contextmanager
def unreachable() -> Iterator[None]:
    """Database errors may quote values; what leaves here says only that the log could not be reached."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        msg = f"the ledger could not be reached: {type(error).__name__}"
        raise ApplicationError(msg, type="ledger_unavailable") from None


async def _lock(connection: Connection, stream: str) -> _Head:
    row = await connection.fetchrow(
        "select epoch, head_seq, head_hash, greatest(clock_timestamp(), head_at) as now from stream "
        "where stream = $1 for update",
        stream,
    )
    if row is None:
        return _Head(epoch=1, seq=0, hash=bytes(32), now=await connection.fetchval("select clock_timestamp()"))
    return _Head(epoch=row["epoch"], seq=row["head_seq"], hash=row["head_hash"], now=row["now"])


async def _open(connection: Connection, batch: Batch) -> None:
    await connection.execute(
        "insert into stream (stream, filing_id, agency) values ($1, $2, $3)",
        batch.stream,
        batch.filing_id,
        batch.agency,
    )


async def _known_officer(connection: Connection, batch: Batch) -> bool:
    if batch.actor.role not in OFFICERS:
        return True
    found = await connection.fetchval(
        "select active from officer where agency = $1 and subject = $2 and role = $3",
        batch.agency,
        batch.actor.subject,
        batch.actor.role,
    )
    return bool(found)


def _unknown(actor: Actor) -> Refusal:
    return Refusal(
        code=RefusalCode.NOT_AUTHORISED,
        problems=(
            problem(
                "actor",
                "not_in_directory",
                f"danh bạ của cơ quan không có người này với vai trò {actor.role}",
                f"the agency's directory does not know this person as {actor.role}",
            ),
        ),
    )


async def _number(connection: Connection, batch: Batch, event: Model, numbers: dict[str, str]) -> Model:
    """Fill the event's numbered fields, each from its counter, which stays locked until the commit."""
    filled: dict[str, str] = {}
    for field, kind in numbered_fields(type(event)).items():
        period_format, number_format = _NUMBERS[kind]
        period = batch.at.astimezone(VIETNAM).strftime(period_format)
        last = await connection.fetchval(
            "insert into counter (agency, kind, period, last) values ($1, $2, $3, 1) "
            "on conflict (agency, kind, period) do update set last = counter.last + 1 returning last",
            batch.agency,
            kind,
            period,
        )
        filled[field] = numbers[kind] = number_format.format(agency=batch.agency, period=period, n=last)
    return event.model_copy(update=filled) if filled else event


@cache
def _personal(event: type[Model]) -> frozenset[str]:
    return fields_marked(event, Personal)


def _columns(batch: Batch, recorded: Recorded, ordinal: int, key: FilingKey, now: datetime) -> tuple[Any, ...]:
    event = recorded.event
    fields = event.model_dump(mode="json", exclude_none=True, exclude={"kind"})
    personal = {name: fields.pop(name) for name in sorted(_personal(type(event)) & set(fields))}
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
        event.kind,
        EVENT_VERSION,
        canonical(fields),
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
        return {"role": actor.role, "subject": key.pseudonym(actor.subject)}, actor.subject
    return actor.model_dump(mode="json", exclude_none=True), None


def _recorded(stream: str, row: asyncpg.Record, key: FilingKey) -> Recorded:
    context = f"{stream}\n{row['seq']}"
    private = json.loads(key.unseal(row["sealed"], context)) if row["sealed"] else {}
    fields = {"kind": row["kind"]} | json.loads(row["body"]) | private.get("event", {})
    actor = json.loads(row["actor"])
    if "actor" in private:
        actor["subject"] = private["actor"]
    return Recorded(
        seq=row["seq"],
        at=row["occurred_at"],
        command_id=row["command_id"],
        actor=Actor.model_validate(actor),
        event=_ANY_EVENT.validate_python(fields),
    )


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


async def _close(connection: Connection, batch: Batch, receipt: Receipt, head: bytes, now: datetime) -> None:
    await connection.execute(
        "insert into receipt (stream, command_id, filing_id, agency, digest, seq, body) "
        "values ($1, $2, $3, $4, $5, $6, $7)",
        batch.stream,
        receipt.command_id,
        batch.filing_id,
        batch.agency,
        receipt.digest,
        receipt.seq,
        receipt.model_dump_json(exclude_none=True).encode(),
    )
    await connection.execute(
        "update stream set head_seq = $2, head_hash = $3, head_at = $4 where stream = $1",
        batch.stream,
        receipt.seq,
        head,
        now,
    )
