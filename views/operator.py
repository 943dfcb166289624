"""Questions of operators: the state of the whole platform, and of one filing by its code. No answer is personal."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from rules.time.working_time import VIETNAM
from schemas.ids import StreamId
from schemas.reading import Board, BoardEvent, FilingRecord, Money
from views.log import Connection, Log
from views.order import NEWEST as NEWEST_EVENTS
from views.public import counts, named

NEWEST: Final = 10
NEWEST_AMONG: Final = 5_000
"""The number of last events that are searched for an agency's newest events: an agency may be idle for long."""


async def find(connection: Connection, which: str) -> FilingRecord | None:
    """Returns a filing by its dossier code or id, with its payments and parcels; None if there is no such filing."""
    row = await row_of(connection, which)
    if row is None:
        return None
    payments = await connection.fetch("select * from payment where filing_id = $1 order by n", row["filing_id"])
    parcels = await connection.fetch("select * from parcel where filing_id = $1 order by n", row["filing_id"])
    with_it = {"payments": [dict(payment) for payment in payments], "parcels": [dict(parcel) for parcel in parcels]}
    return FilingRecord.model_validate(named(row) | with_it)


async def row_of(connection: Connection, which: str) -> asyncpg.Record | None:
    """Returns the row of a filing by its dossier code or id; None if there is no such filing."""
    try:
        filing = UUID(which.strip())
    except ValueError:
        row = None
    else:
        row = await connection.fetchrow("select * from filing where filing_id = $1", filing)
    return row or await connection.fetchrow("select * from filing where code = $1", which.strip())


async def codes(connection: Connection, filings: list[UUID]) -> dict[UUID, tuple[str, str]]:
    """Returns the dossier code and the agency of each filing, by the filing's id."""
    rows = await connection.fetch("select filing_id, code, agency from filing where filing_id = any($1)", filings)
    return {row["filing_id"]: (row["code"], row["agency"]) for row in rows}


async def board(log: Log, agency: str | None = None) -> Board:
    """Returns the present state of all filings, or of one agency's. `stalled` is None: Temporal is not queried."""
    connection = log.connection
    now: datetime = await connection.fetchval("select now()")
    end_of_day = now.astimezone(VIETNAM).replace(hour=23, minute=59, second=59, microsecond=999_999)
    due = await connection.fetch(_DUE, agency, end_of_day)
    money = await connection.fetch(_MONEY, agency)
    return Board(
        as_of=now,
        counts=await counts(log, agency),
        **due[0],
        money=tuple(Money.model_validate(dict(row)) for row in money),
        appends=await connection.fetchval(_APPENDS),
        newest=await newest(connection, agency),
    )


async def newest(connection: Connection, agency: str | None = None) -> tuple[BoardEvent, ...]:
    """Returns the newest events of all filings, or of one agency's."""
    rows = await connection.fetch(_NEWEST, agency, NEWEST, NEWEST_AMONG)
    return tuple(BoardEvent.model_validate(dict(row) | {"stream": name_of(row["stream"])}) for row in rows)


def name_of(stream: str) -> str:
    """Returns a stream's name within its filing: `filing`, `payment 1`."""
    try:
        found = StreamId.parse(stream)
    except ValueError:
        return stream
    return f"{found.kind} {found.n}" if found.n else found.kind


_DUE: Final = """
select count(*) as tasks, count(*) filter (where overdue) as late,
    count(*) filter (where not overdue and due_at <= $2) as due_today
from task where $1::text is null or agency = $1
"""
_MONEY: Final = """
select state, count(*) as payments, coalesce(sum(amount), 0)::bigint as asked,
    coalesce(sum(captured), 0)::bigint as captured, coalesce(sum(refunded), 0)::bigint as refunded
from payment where $1::text is null or agency = $1 group by state order by state
"""
_APPENDS: Final = "select pg_stat_get_tuples_inserted('receipt'::regclass)"
"""SQL: the number of appends, from statistics that are some seconds old. Two readings give the rate of appends."""
# A plain join would read the whole log, so `offset 0` keeps the look-up of each event.
_NEWEST: Final = f"""
with newest as (
    select seq, stream, filing_id, agency, kind, recorded_at as at
    from ({NEWEST_EVENTS.format(most="$3")}) last cross join lateral (
        select filing_id, agency, kind, recorded_at from event where (event.stream, event.seq) = (last.stream, last.seq)
        offset 0
    ) as event
    where filing_id is not null and ($1::text is null or agency = $1) order by at desc, stream, seq desc limit $2
)
select newest.at, newest.agency, filing.code, newest.stream, newest.kind
from newest left join filing using (filing_id) order by newest.at desc, newest.stream, newest.seq desc
"""  # noqa: S608 -- joined from statements of our own
