"""The erasure of one filing in the record: one transaction, after which its encrypted parts can't be decrypted.

The second place (the store of checkpoints) lists the ids of erased filings: once an older backup is restored, the
record has these filings and their keys again, and does not know of the erasures.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import Final, NamedTuple
from uuid import UUID

from obstore.exceptions import BaseError

from activities.checkpoints.log import Place
from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from motcua.cli.running import WorkRefusedError
from operations.erasure.retention import ASKED_FOR, whole
from operations.erasure.sinks import SINKS
from operations.rebuilding import write_rows
from rules.retention import hindrances
from rules.rule import refuse
from rules.streams import KINDS
from schemas.errors import RefusalError
from schemas.filing.commands import SYSTEM_VIA
from schemas.ids import StreamId, filing_workflow
from schemas.people import SYSTEM
from schemas.privacy import NO_DIGEST, Erased, ErasureRequest
from schemas.stream.ledger import Batch, Recorded
from views.log import Connection, Log, LoggedStream, UnfoldableError

FOLDER: Final = "erased"
"""The folder with an empty file for each erased filing. It is beside the folders of the logs."""


class Back(NamedTuple):
    """An erased filing that a backup has restored. `asked`: whether the record has a request to erase the filing."""

    code: str
    asked: bool


async def tell(place: Place, filings: Iterable[UUID]) -> None:
    """Records at the second place (`place`) that these filings are erased. Raises `WorkRefusedError` if that fails."""
    try:
        for filing in filings:
            await place.add(f"{FOLDER}/{filing}", b"")
    except (BaseError, OSError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't keep that it is: {type(error).__name__}"
        raise WorkRefusedError(msg) from None


async def tell_all(connection: Connection, place: Place) -> None:
    """Records at the second place (`place`) all filings ever erased in the record. Raises `WorkRefusedError`."""
    try:
        there = await erased_filings(place)
    except (BaseError, OSError, ValueError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't be read: {type(error).__name__}"
        raise WorkRefusedError(msg) from None
    erased = {row["filing_id"] for row in await connection.fetch(_ERASED)}
    await tell(place, sorted(erased - there))


async def back(connection: Connection, place: Place) -> list[Back]:
    """Returns the erased filings that a backup has restored. Raises asyncpg's and obstore's errors, `ValueError`."""
    return [Back(**row) for row in await connection.fetch(_BACK, sorted(await erased_filings(place)))]


async def erased_filings(place: Place) -> set[UUID]:
    """Returns all filings ever erased, as the second place lists them. Raises obstore's errors, `ValueError`."""
    return {UUID(name) for name in await place.names(FOLDER)}


_ERASED: Final = "select filing_id from filing where erased_at is not null"
_BACK: Final = f"""
select code, {ASKED_FOR} as asked from filing where filing_id = any($1) and erased_at is null order by code
"""  # noqa: S608 -- a constant


async def erase(
    pool: Pool, vault: Vault, request: ErasureRequest, filing: UUID, elsewhere: Place | None = None
) -> None:
    """Erases the applicant from the record. Does nothing if the filing is erased already.

    Every stream of the filing gets `erased` as its last event, the key is deleted, and the read models are folded
    again. The second place (`elsewhere`) records the erasure before the transaction commits. Raises `WorkRefusedError`,
    asyncpg's errors, and `RefusalError` with every reason if the filing can't be erased now.
    """
    async with pool.acquire() as connection, connection.transaction():
        # Holds the filing's streams. A stream that begins meanwhile waits for the lock of the filing's own row.
        await connection.execute("lock table stream in row exclusive mode")
        await connection.execute(_HOLD, filing_workflow(filing))
        await connection.execute("select from stream where filing_id = $1 order by stream for update", filing)
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


def _last(told: LoggedStream, request: ErasureRequest, now: datetime) -> Batch:
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


def why(error: Exception) -> str:
    """Returns the rules of a refusal, or the message of our own error; for any other error, type and line of code."""
    match error:
        case RefusalError(refusal=refusal):
            return REFUSED + ", ".join(one.rule for one in refusal.problems)
        case WorkRefusedError() | UnfoldableError():
            return str(error)
        case _:
            *_, last = extract_tb(error.__traceback__)
            return f"{type(error).__name__} ({Path(last.filename).name}:{last.lineno})"


_HOLD: Final = "select from stream where stream = $1 for update"
# The stream of its restarts names nobody, and is of no kind.
_STREAMS: Final = """
select stream, filing_id, agency, head_seq from stream
where filing_id = $1 and head_seq > 0 and split_part(stream, ':', 1) = any($2) order by stream
"""
_DONE: Final = "update erasure set erased_at = coalesce(erased_at, clock_timestamp()) where filing_id = $1"

REFUSED: Final = "refused: "
"""The prefix of the reason if a filing can't be erased yet; the names of the rules follow it."""
