"""The erasure of one filing in the record: one transaction, after which its encrypted parts can't be decrypted."""

from datetime import datetime
from typing import Final
from uuid import UUID

from activities.checkpoints.place import Place
from activities.ledger.append import Ledger
from activities.ledger.database import Connection, Pool
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from operations.erasure.elsewhere import tell
from operations.erasure.sinks import SINKS
from operations.erasure.whole import whole
from operations.rebuilding.folded import write_rows
from rules.retention import hindrances
from rules.rule import refuse
from rules.streams import KINDS
from schemas.errors import RefusalError
from schemas.filing.commands import SYSTEM_VIA
from schemas.ids import StreamId, filing_workflow
from schemas.people import SYSTEM
from schemas.privacy.erasure import NO_DIGEST, Erased, ErasureRequest
from schemas.stream.ledger import Batch, Recorded
from views.log import Log, Told


async def erase(
    pool: Pool, vault: Vault, request: ErasureRequest, filing: UUID, elsewhere: Place | None = None
) -> None:
    """Erases the applicant from the record. Does nothing if the filing is erased already.

    Every stream of the filing gets `erased` as its last event, the key is deleted, and the read models are folded
    again. The second place (`elsewhere`) records the erasure before the transaction commits. Raises `RefusalError`,
    with every reason, if the filing can't be erased now, `NotErasedError`, and asyncpg's errors.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _hold(connection, filing)
        if await connection.fetchval("select bool_or(erased_at is not null) from stream where filing_id = $1", filing):
            await connection.execute(_DONE, filing)
            return
        log = Log(connection, vault.find, KINDS)
        now: datetime = await connection.fetchval("select clock_timestamp()")
        if wrong := hindrances(await whole(log, filing), now):
            raise refuse(*wrong)
        for stream in await connection.fetch(_STREAMS, filing, list(KINDS)):
            batch = _last(await log.read(stream["stream"]), request, now)
            answer = await Ledger(pool, vault, KINDS).append_within(connection, batch)
            if answer.refused is not None:
                raise RefusalError(answer.refused)
        for sink in SINKS.values():
            if sink.statement is not None:
                await connection.execute(sink.statement, filing)
        streams = await connection.fetch(_STREAMS, filing, list(KINDS))
        await write_rows(log, vault, zip(streams, await log.events_of(streams), strict=True))
        await connection.execute(_DONE, filing)
        if elsewhere is not None:
            await tell(elsewhere, [filing])
        failpoint("erasure.erasing")
    failpoint("erasure.erased")


async def _hold(connection: Connection, filing: UUID) -> None:
    """Locks all of the filing's streams.

    A stream that begins meanwhile is either among these, or waits for the lock of the filing's own row.
    """
    await connection.execute("lock table stream in row exclusive mode")
    await connection.execute(_HOLD, filing_workflow(filing))
    await connection.execute("select from stream where filing_id = $1 order by stream for update", filing)


def _last(told: Told, request: ErasureRequest, now: datetime) -> Batch:
    """Returns the append that ends a stream."""
    erased = Erased(
        request=request.n,
        cause=request.cause,
        reason=request.reason,
        asked_by=request.officer,
        approved_by=str(request.answered_by),
    )
    last, stream = told.state, StreamId.parse(told.stream)
    ends = Recorded(seq=last.seq + 1, at=now, command_id=f"erase-{request.n}", actor=SYSTEM, event=erased)
    return Batch(
        stream=told.stream,
        filing_id=stream.filing,
        agency=last.agency,
        next_seq=ends.seq,
        command_id=ends.command_id,
        digest=NO_DIGEST,
        actor=SYSTEM,
        via=SYSTEM_VIA,
        at=now,
        events=(erased.model_dump(mode="json"),),
        rows=told.kind.changed_rows(last, told.kind.evolve(last, ends)),
    )


_HOLD: Final = "select from stream where stream = $1 for update"
# The stream of its restarts names nobody, and is of no kind.
_STREAMS: Final = """
select stream, filing_id, agency, head_seq from stream
where filing_id = $1 and head_seq > 0 and split_part(stream, ':', 1) = any($2) order by stream
"""
_DONE: Final = "update erasure set erased_at = coalesce(erased_at, clock_timestamp()) where filing_id = $1"
