"""A filing with all facts that decide whether it may be erased."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from operations.erasure.retention import retentions
from rules.retention import Whole, complain_until
from schemas.ids import filing_workflow
from views.log import Connection, Log


async def whole(log: Log, filing: UUID) -> Whole:
    """Returns the filing with these facts from the record. Raises `RefusalError` (`not_found`), `UnfoldableError`."""
    told = await log.read(filing_workflow(filing))
    states = list(told.states())
    facts = await log.connection.fetchrow(_FACTS, filing)
    assert facts is not None  # noqa: S101 -- aggregates give one row
    rules = await retentions(log.connection, states[-1].procedure.code)
    return Whole(
        filing=states[-1],
        complain_until=complain_until(told.before, told.events, states),
        open=tuple(facts["open"]),
        watched_until=facts["watched_until"],
        unsettled=facts["unsettled"],
        unmade=facts["unmade"],
        retention=rules.get(states[-1].procedure.code),
    )


async def resolved(connection: Connection, which: Sequence[str]) -> dict[str, UUID]:
    """Returns the filings with these dossier codes or ids. Unknown ones are left out."""
    rows = await connection.fetch(_RESOLVED, list(which))
    return {row["which"]: row["filing_id"] for row in rows}


_FACTS: Final = """
select coalesce(array_agg(stream order by stream) filter (where open), '{}') as open,
    max(watched_until) as watched_until,
    (select count(*) from callback where driven_at is null and stream in (
        select stream from stream where filing_id = $1)) as unsettled,
    (select count(*) from outbox where filing_id = $1) as unmade
from standing where filing_id = $1
"""
_RESOLVED: Final = """
select which, filing_id from unnest($1::text[]) as asked (which)
join filing on filing.code = which or filing.filing_id::text = lower(which)
"""
