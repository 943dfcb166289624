"""The event log: appends, and nothing else writes it.

An append is one transaction. It is optimistic and answers with what the log holds: if rows from `next_seq` on are
there already, it writes nothing and returns them (docs/ledger.md).

Mostly it looks at the stream's head and then writes everything in one statement, if the head is still the same. What
takes a number, or can't be written there and then, is decided with the head locked, in a transaction around it all:
whoever holds the stream, as a restart does, is waited for.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from time import perf_counter
from typing import Any, Final

from temporalio import activity
from temporalio.common import MetricMeter, RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import LocalActivityConfig

from activities.failpoint import failpoint
from activities.ledger import authority, duplicates, event_rows, read_models
from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool, mask_database_errors
from activities.ledger.measures import Measures
from activities.ledger.numbers import number
from activities.ledger.vault import Vault
from rules.streams import Kinds, StreamKind
from schemas.base import Model, numbered_fields
from schemas.errors import Refusal, RefusalCode
from schemas.filing.events import Submitted
from schemas.stream.ledger import Appended, Batch, Receipt, Recorded, StoredEvent
from views import log

LEDGER: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=100),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=5),
    ),
)
"""An append never gives up: it may have been committed."""


class _OvertakenError(Exception):
    """The stream's head is not what the batch, or the look at it, said."""


@dataclass(frozen=True)
class _Asked:
    """A batch with the kind of its stream, and its events as that kind's models."""

    batch: Batch
    kind: StreamKind[Any]
    events: tuple[Any, ...]


@dataclass(frozen=True)
class _Head:
    epoch: int
    seq: int
    hash: bytes
    now: datetime
    in_directory: bool


class Ledger:
    """Appends to the event log through a pool that the worker owns."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds, meter: MetricMeter = MetricMeter.noop) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds
        self._numberings = kinds.numberings
        self._measures = Measures(meter, kinds)

    @activity.defn(name="ledger.append")
    async def append(self, batch: Batch) -> Appended:
        """Append the batch, or say what the log holds instead.

        Raises `ledger_conflict`, never to be retried, if a later epoch has taken the stream over or events are gone.
        """
        began = perf_counter()
        asked = self._asked(batch)
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                answer = await self._answer(connection, asked)
        self._measures.answered(batch, answer, perf_counter() - began)
        failpoint("ledger.committed")
        suggested = batch.continue_as_new_suggested
        return answer.model_copy(update={"continue_as_new_suggested": True}) if suggested else answer

    def _asked(self, batch: Batch) -> _Asked:
        kind = self._kinds.of(batch.stream)
        return _Asked(batch, kind, tuple(map(kind.event, batch.events)))

    async def _answer(self, connection: Connection, asked: _Asked) -> Appended:
        if asked.events and not any(map(_takes_number, asked.events)):
            with suppress(_OvertakenError):
                return await self._at_expected_head(connection, asked)
        while True:
            with suppress(_OvertakenError):
                async with connection.transaction():
                    return await self._append(connection, asked)

    async def _at_expected_head(self, connection: Connection, asked: _Asked) -> Appended:
        """Append what follows on the head as it is and is borne out. Raises `_OvertakenError` for anything else."""
        batch = asked.batch
        head = await _look(connection, batch, _HEAD)
        follows = head.seq + 1 == batch.next_seq and batch.epoch in {None, head.epoch}
        if not follows or await _refusal(connection, asked, head) is not None:
            raise _OvertakenError
        return await self._write(connection, asked, head)

    async def _append(self, connection: Connection, asked: _Asked) -> Appended:
        batch = asked.batch
        head = await _look(connection, batch, _LOCKED_HEAD)
        if batch.epoch is not None and head.epoch != batch.epoch:
            raise self._conflict(batch, "a later run has taken this stream over")
        if head.seq >= batch.next_seq:
            return await self._held(connection, asked, head)
        if not batch.events:
            return Appended(epoch=head.epoch)
        if head.seq + 1 != batch.next_seq:
            raise self._conflict(batch, "the log holds less than this run has seen")
        if (refused := await _refusal(connection, asked, head)) is not None:
            return Appended(epoch=head.epoch, refused=refused)
        return await self._write(connection, asked, head)

    async def _write(self, connection: Connection, asked: _Asked, head: _Head) -> Appended:
        batch = asked.batch
        numbers: dict[str, str] = {}
        stored: list[StoredEvent] = []
        rows: list[tuple[Any, ...]] = []
        key = await self._vault.key(connection, batch.filing_id, batch.agency)
        previous = head.hash
        added: dict[str, Any] = {}
        for ordinal, proposed in enumerate(asked.events):
            event = await number(connection, batch, proposed, self._numberings, numbers)
            if isinstance(event, Submitted):
                person = self._vault.person(event.applicant.id_number)
                event = await duplicates.with_possible_duplicates(connection, batch, event, person)
                added = submitted_columns(person, event.possible_duplicates)
            seq = head.seq + 1 + ordinal
            recorded = Recorded(seq=seq, at=batch.at, command_id=batch.command_id, actor=batch.actor, event=event)
            fields = event.model_dump(mode="json", exclude_none=True)
            columns = event_rows.columns(batch, recorded, fields, ordinal, key, head.now)
            row_hash = event_rows.chain_hash(columns, previous)
            rows.append((*columns, previous, row_hash))
            stored.append(_stored(recorded, fields))
            previous = row_hash
        receipt = Receipt(
            command_id=batch.command_id,
            digest=batch.digest,
            seq=stored[-1].seq,
            at=batch.at,
            code=numbers.get("dossier") or (batch.rows and batch.rows.row and batch.rows.row.get("code")),
        )
        change = read_models.change(asked.kind, batch, numbers, added)
        await _record(connection, batch, head, rows, receipt, change)
        return Appended(epoch=head.epoch, stored=tuple(stored), receipts=(receipt,))

    async def _held(self, connection: Connection, asked: _Asked, head: _Head) -> Appended:
        batch = asked.batch
        rows = await connection.fetch(log.SELECT, batch.stream, batch.next_seq)
        receipts = await connection.fetch(
            "select body from receipt where stream = $1 and seq >= $2 order by seq", batch.stream, batch.next_seq
        )
        key = await self._vault.key(connection, batch.filing_id, batch.agency)
        found = (log.opened(asked.kind, batch.stream, row, key) for row in rows)
        return Appended(
            epoch=head.epoch,
            stored=tuple(_stored(one, one.event.model_dump(mode="json", exclude_none=True)) for one in found),
            receipts=tuple(Receipt.model_validate_json(row["body"]) for row in receipts),
        )

    def _conflict(self, batch: Batch, message: str) -> ApplicationError:
        self._measures.conflicted(batch)
        return ApplicationError(message, type=RefusalCode.LEDGER_CONFLICT, non_retryable=True)


def _takes_number(event: Model) -> bool:
    return bool(numbered_fields(type(event)))


def submitted_columns(person: bytes, possible_duplicates: tuple[str, ...]) -> dict[str, Any]:
    """What the ledger adds to the row of a filing when it is handed in, beside what its workflow knows."""
    return {"person": f"\\x{person.hex()}", "possible_duplicates": possible_duplicates}


def _stored(recorded: Recorded, fields: dict[str, Any]) -> StoredEvent:
    return StoredEvent(
        seq=recorded.seq, at=recorded.at, command_id=recorded.command_id, actor=recorded.actor, event=fields
    )


async def _refusal(connection: Connection, asked: _Asked, head: _Head) -> Refusal | None:
    return await authority.refusal(connection, asked.kind, asked.batch, asked.events, in_directory=head.in_directory)


async def _look(connection: Connection, batch: Batch, statement: str) -> _Head:
    actor = batch.actor
    [row] = await connection.fetch(statement, batch.stream, actor.agency, actor.subject, actor.role)
    return _Head(*row.values())


async def _record(
    connection: Connection,
    batch: Batch,
    head: _Head,
    rows: list[tuple[Any, ...]],
    receipt: Receipt,
    change: read_models.Change | None,
) -> None:
    """Write the events, their receipt, the stream's new head and the read model. Raises `_OvertakenError`."""
    statement = _recording(*change.shape) if change else _recording()
    moved = await connection.fetch(
        statement,
        *map(list, zip(*rows, strict=True)),
        batch.stream,
        batch.filing_id,
        batch.agency,
        receipt.command_id,
        receipt.digest,
        receipt.model_dump_json(exclude_none=True).encode(),
        receipt.seq,
        rows[-1][-1],
        head.now,
        head.epoch,
        head.seq,
        *(change.parameters if change else ()),
    )
    if not moved:
        raise _OvertakenError


_HEAD: Final = """
select coalesce(epoch, 1), coalesce(head_seq, 0), coalesce(head_hash, decode(repeat('00', 32), 'hex')),
    greatest(clock_timestamp(), head_at),
    coalesce((select active from officer where agency = $2 and subject = $3 and role = $4), false)
from (select) as asked left join (select * from stream where stream = $1) as found on true
"""
"""A stream that is not there yet has no events."""

_LOCKED_HEAD: Final = _HEAD.replace("stream = $1", "stream = $1 for update")


@cache
def _recording(written: tuple[read_models.Written, ...] = (), tasks: bool = False) -> str:  # noqa: FBT001, FBT002 -- of a `shape`
    """The one statement of an append; it gives a row if the head was still what it had been.

    It begins with `stream`: whoever holds that table holds up every append before it holds anything else.
    """
    change = f", {read_models.statements(written, tasks=tasks, whose=18, first=29)}" if written else ""
    return f"""
with moved as (
    insert into stream (stream, filing_id, agency, head_seq, head_hash, head_at)
    values ($18, $19, $20, $24, $25, $26)
    on conflict (stream) do update
    set (head_seq, head_hash, head_at) = (excluded.head_seq, excluded.head_hash, excluded.head_at)
    where (stream.epoch, stream.head_seq) = ($27, $28)
    returning true
), written as ({event_rows.INSERT}), receipted as (
    insert into receipt (stream, filing_id, agency, command_id, digest, body, seq)
    select $18, $19, $20, $21, $22, $23, $24 from moved
){change}
select true from moved
"""  # noqa: S608 -- joined from statements of our own
