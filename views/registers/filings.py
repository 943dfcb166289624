"""The register of an agency, page by page: data from the log about each filing submitted in a period.

A filing that was passed on is in the registers of all agencies that have had it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from rules.papers.register import Known, entry
from rules.source import published_procedure
from schemas.base import Text
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.state import STATUS_NAMES, Closing, Filing, Status
from schemas.ids import filing_workflow
from schemas.papers.register import Period, Register, RegisterEntry
from schemas.stream.ledger import Recorded
from views.log import Connection, Log, UnfoldableError

PAGE: Final = 100
"""The number of filings that are read and folded at once."""


async def register(connection: Connection, agency: str, period: Period) -> Register:
    """Returns the register's heading. Raises `RefusalError` (`not_found`) if the directory lacks the agency."""
    row = await connection.fetchrow(_HEAD, agency, period.since, period.until)
    if row is None:
        raise RefusalError(NOT_FOUND)
    name = Text(vi=row["name_vi"], en=row["name_en"])
    return Register(agency=agency, agency_name=name, period=period, as_of=row["now"], filings=row["filings"])


async def entries(log: Log, agency: str, period: Period) -> AsyncIterator[list[RegisterEntry]]:
    """Yields pages of lines, ordered by submission. If a filing can't be folded, its line is from the read model."""
    procedures = _Procedures(log.connection)
    after, n = (period.since, _FIRST), 0
    while rows := await log.connection.fetch(_PAGE, agency, *after, period.until, PAGE):
        streams = await log.connection.fetch(_STREAMS, [filing_workflow(row["filing_id"]) for row in rows])
        found = {stream["filing_id"]: stream for stream in streams}
        told = await _folded_filings(log, [found[row["filing_id"]] for row in rows])
        page = [
            await _entry(procedures, k, row, one) for k, (row, one) in enumerate(zip(rows, told, strict=True), n + 1)
        ]
        yield await _named(log.connection, page)
        after, n = (rows[-1]["submitted_at"], rows[-1]["filing_id"]), n + len(rows)


async def _named(connection: Connection, page: Sequence[RegisterEntry]) -> list[RegisterEntry]:
    """Returns the lines with the names of the agencies in them."""
    rows = await connection.fetch(_NAMES, sorted({code for one in page for code in one.codes}))
    names = {row["agency"]: Text(vi=row["name_vi"], en=row["name_en"]) for row in rows}
    return [one.model_copy(update={"agencies": {n: names[n] for n in sorted(one.codes) if n in names}}) for one in page]


async def _folded_filings(log: Log, streams: Sequence[asyncpg.Record]) -> list[_FoldedFiling | None]:
    """Returns each filing with its events; None in place of a filing that can't be folded."""
    try:
        return [
            _FoldedFiling(events, await log.fold(stream["stream"], stream["agency"], events))
            for stream, events in zip(streams, await log.events_of(streams), strict=True)
        ]
    except UnfoldableError:
        return (
            [None] if len(streams) == 1 else [one for stream in streams for one in await _folded_filings(log, [stream])]
        )


async def _entry(procedures: _Procedures, n: int, row: asyncpg.Record, told: _FoldedFiling | None) -> RegisterEntry:
    procedure = await procedures.find(row["procedure"], row["version"])
    if told is not None:
        return entry(n, told.events, told.filing, procedure, row["now"])
    delivered = row["outcome"] == Closing.DELIVERED
    return RegisterEntry(
        n=n,
        code=row["code"],
        procedure=row["procedure"],
        procedure_name=procedure.name,
        sets=procedure.sets,
        agency=row["agency"],
        channel=row["channel"],
        received_at=row["submitted_at"],
        appointment=row["due_at"],
        returned_at=row["closed_at"] if delivered else None,
        result_channel=row["result_channel"],
        status=row["status"],
        status_name=STATUS_NAMES[Status(row["status"])],
    )


class _FoldedFiling(NamedTuple):
    """A filing's state, and the events that the state is folded from."""

    events: list[Recorded]
    filing: Filing


class _Procedures:
    """A cache of the data of published procedures that the register needs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], Known] = {}

    async def find(self, code: str, version: str) -> Known:
        """Returns the procedure's data; only the code if the version is not published."""
        if (code, version) not in self._known:
            row = await self._connection.fetchrow(_PROCEDURE, code, version)
            known = Known(Text(vi=code, en=code))
            if row is not None:
                procedure = published_procedure(*row)
                known = Known(procedure.name, procedure.information.sets, procedure.baseline)
            self._known[code, version] = known
        return self._known[code, version]


_FIRST: Final = UUID(int=0)
_NAMES: Final = "select agency, name_vi, name_en from agency where agency = any($1)"
_PASSED_ON: Final = "had_by <> '{}' and had_by @> array[$1] and agency <> $1"
_HEAD: Final = f"""
select name_vi, name_en, now() as now, (
    select count(*) from filing where agency = $1 and submitted_at >= $2 and submitted_at < $3
) + (
    select count(*) from filing where {_PASSED_ON} and submitted_at >= $2 and submitted_at < $3
) as filings
from agency where agency = $1
"""  # noqa: S608 -- SQL of our own
_FOUND: Final = """
select filing_id, agency, code, procedure, version, channel, result_channel, status, submitted_at, due_at, closed_at,
    outcome, now() as now
from filing where {whose} and (submitted_at, filing_id) > ($2, $3) and submitted_at < $4
order by submitted_at, filing_id limit $5
"""
_PAGE: Final = f"""
select * from ({_FOUND.format(whose="agency = $1")}) as here
union all select * from ({_FOUND.format(whose=_PASSED_ON)}) as passed_on
order by submitted_at, filing_id limit $5
"""  # noqa: S608 -- SQL of our own
_STREAMS: Final = "select stream, filing_id, agency, head_seq from stream where stream = any($1)"
_PROCEDURE: Final = """
select source, (published_at at time zone 'Asia/Ho_Chi_Minh')::date from procedure where code = $1 and version = $2
"""
