"""Read models of a stream, folded again from its log by this build's rules, and written by the append's own code."""

from collections.abc import Iterable
from typing import Any

import asyncpg

from activities.ledger import read_models
from activities.ledger.append import submitted_columns
from activities.ledger.vault import Vault
from schemas.filing.commands import SYSTEM_VIA
from schemas.filing.events import Submitted
from schemas.people import SYSTEM
from schemas.privacy.erasure import Erased
from schemas.stream.ledger import Batch, Recorded
from schemas.stream.rows import Rows
from views.log import Connection, Log, UnfoldableError


async def write_rows(log: Log, vault: Vault, told: Iterable[tuple[asyncpg.Record, list[Recorded]]]) -> None:
    """Writes the read models' rows of streams, given the complete events of each. Raises `UnfoldableError`.

    A stream's row has `stream`, `filing_id` and `agency`. The connection's search path selects the written tables.
    """
    changes = [await _change(log, vault, stream, events) for stream, events in told]
    await read_models.write_all(log.connection, [one for one in changes if one is not None])


async def _change(
    log: Log, vault: Vault, stream: asyncpg.Record, events: list[Recorded]
) -> tuple[Batch, read_models.Change] | None:
    kind = log.kind(stream["stream"])
    try:
        state = await log.fold(stream["stream"], stream["agency"], events)
        rows = kind.all_rows(state)
    except (LookupError, ValueError) as error:
        raise UnfoldableError(f"{stream['stream']}: its rows can't be told: {type(error).__name__}") from None
    batch = _batch(stream, events, rows)
    change = read_models.change(kind, batch, {}, await _added(log.connection, vault, events))
    return None if change is None else (batch, change)


async def _added(connection: Connection, vault: Vault, events: list[Recorded]) -> dict[str, Any]:
    """Returns the columns that the ledger adds to a filing's row; `person` is None once the filing is erased."""
    first = events[0].event
    if not isinstance(first, Submitted):
        return {}
    if isinstance(events[-1].event, Erased):
        return {"person": None}
    return submitted_columns(await vault.person(connection, first.applicant.id_number), first.possible_duplicates)


def _batch(stream: asyncpg.Record, events: list[Recorded], rows: Rows) -> Batch:
    """Returns the stream's last append, with the fields that read models need."""
    return Batch(
        stream=stream["stream"],
        filing_id=stream["filing_id"],
        agency=stream["agency"],
        next_seq=len(events),
        command_id=events[-1].command_id,
        digest="",
        actor=SYSTEM,
        via=SYSTEM_VIA,
        at=events[-1].at,
        rows=rows,
    )
