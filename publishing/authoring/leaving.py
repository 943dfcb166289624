"""Erasure of former officers' names from publications, by two people, when the names need not be kept any longer."""

from typing import Final

from console.owner import Database
from publishing.record.publications import place_of
from publishing.record.publishing import Publisher, publishing
from rules.require import require
from rules.retention import ended_by
from rules.rule import refuse
from schemas.errors import problem
from schemas.publishing.events import OfficerErased


async def erase_officer(database: Database, agency: str, subject: str, reason: str, years: int, by: Publisher) -> None:
    """Requests the erasure of an officer who left this many `years` ago or more.

    The request waits for a second operator (`WaitsError`). Raises `RefusalError` if the officer is unknown, in office,
    erased already, or left too recently.
    """
    async with publishing(database, by) as now:
        row = require(await now.connection.fetchrow(_THERE, agency, subject))
        if not row["roles"]:
            raise refuse(problem("subject", "nothing_recorded"))
        if row["active"]:
            raise refuse(problem("subject", "officer_in_office"))
        event = OfficerErased(agency=agency, subject=subject, roles=tuple(row["roles"]), reason=reason)
        history = require(await now.connection.fetchrow(_HISTORY, place_of(event).stream))
        if history["erased"]:
            raise refuse(problem("subject", "erased"))
        if history["left_at"] is None or history["left_at"] >= ended_by(now.at, years):
            raise refuse(problem("subject", "officer_kept", years=years))
        await now.publish([event])


_THERE: Final = """
select array_agg(role order by role) as roles, bool_or(active) as active from officer where agency = $1 and subject = $2
"""
_HISTORY: Final = """
select max(occurred_at) filter (where kind = 'officer_entered') as left_at,
    coalesce(bool_or(kind = 'officer_erased'), false) as erased
from event where stream = $1
"""
