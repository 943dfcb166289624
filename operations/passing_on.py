"""Passes the open filings of a closed agency on to its successor, with one command for each filing.

A repeated run continues with the filings that the agency still has; a filing's command is recorded only once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from motcua import contract as c
from motcua.client import FilingClient
from motcua.errors import RefusedError
from rules.rule import refuse
from schemas.errors import problem
from schemas.translate import said
from views.log import Connection


@dataclass(frozen=True)
class Kept:
    """A filing that stays with the closed agency, with the reasons why the command to pass it on was refused."""

    filing_id: UUID
    code: str
    problems: tuple[c.Problem, ...]


@dataclass(frozen=True)
class Report:
    """The outcome of passing on: the number of passed filings, and the filings that the closed agency still has.

    `streams` are the closed agency's other open streams, such as refunds from its account: officers of the agency or of
    its successor finish them.
    """

    agency: str
    successor: str
    passed_on: int
    kept: tuple[Kept, ...]
    streams: tuple[str, ...]


async def pass_all_on(
    connection: Connection, client: FilingClient, agency: str, actor: c.Actor, progress: Callable[[int, int], None]
) -> Report:
    """Passes on all open filings of the agency. `progress(done, of)` is called after each filing.

    Raises `RefusalError` if the agency is not closed, the client's errors if there is no answer, and asyncpg's errors.
    """
    row = await connection.fetchrow(_CLOSED, agency)
    if row is None or row["successor"] is None:
        raise refuse(problem("agency", "not_closed"))
    why, successor = said("closed_agency", document=row["document"]), row["successor"]
    there = await connection.fetch(_FILINGS, agency)
    kept: list[Kept] = []
    for done, (filing_id, code) in enumerate(there, 1):
        order = c.PassOn(
            command_id=f"closed:{agency}",
            actor=actor,
            via=c.Via(principal="motcua"),
            to=successor,
            reason=f"{why.vi} ({why.en})",
            legal_basis=row["document"],
        )
        try:
            await client.act(filing_id, order)
        except RefusedError as no:
            kept.append(Kept(filing_id, code, no.refusal.problems))
        progress(done, len(there))
    left = await connection.fetch(_STREAMS, agency)
    return Report(agency, successor, len(there) - len(kept), tuple(kept), tuple(row["stream"] for row in left))


_CLOSED: Final = "select heir_of(agency) as successor, closed ->> 'document' as document from agency where agency = $1"
_FILINGS: Final = """
select filing_id, code from filing where agency = $1 and closed_at is null order by submitted_at, filing_id
"""
_STREAMS: Final = "select stream from standing where agency = $1 and open and kind <> 'filing' order by stream"
