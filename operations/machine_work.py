"""Finds filings whose machine work fails: with the reason, the number of tries, and the time of the next retry."""

from dataclasses import dataclass
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from console.database import Connection
from motcua.machine_work import MachineWork, machine_work
from recovery.histories import each
from schemas.ids import filing_workflow

MOST_OWED: Final = 500
"""The maximum number of filings checked. Those that await the file of their result come first, the oldest first."""

_OWED: Final = """
with instant as (
    select code, version from procedure where convert_from(rules, 'UTF8')::jsonb ->> 'standing_order' is not null
)
select filing_id, filing.code, agency from filing
where closed_at is null and (stage = 'issue' or (
    stage = 'intake' and channel = 'online' and (procedure, version) in (select code, version from instant)))
order by stage = 'issue' desc, submitted_at limit $1
"""


@dataclass(frozen=True)
class Failing:
    """A filing whose open machine work has failed at least once."""

    filing_id: str
    code: str
    agency: str
    work: MachineWork


async def failing(connection: Connection, client: Client) -> list[Failing]:
    """Returns the filings with failing machine work, the longest wait first. Raises asyncpg's errors and `RPCError`."""

    async def look(row: asyncpg.Record) -> list[Failing]:
        try:
            found = await machine_work(client, filing_workflow(row["filing_id"]))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return []  # another check reports that the filing does not run
        who = (str(row["filing_id"]), row["code"], row["agency"])
        return [Failing(*who, one) for one in found if one.error is not None]

    rows = await connection.fetch(_OWED, MOST_OWED)
    every = [one for found in await each(look, rows) for one in found]
    return sorted(every, key=lambda one: (one.work.since, one.filing_id))
