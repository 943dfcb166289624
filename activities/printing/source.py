"""Reads the data of an official paper from the log, the catalogue and the directory, and prints it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.printing.relay import Printed
from activities.printing.templates import printed, template_of, version_of
from activities.procedures import Procedures
from rules.papers.sheet import sheet
from rules.papers.sheets.dates import needed
from rules.papers.sheets.made import plain, seat, unit_of
from rules.require import require
from schemas.base import Text
from schemas.complaint.state import Complaint
from schemas.filing.state import Filing
from schemas.ids import filing_workflow
from schemas.papers.sheet import Letterhead, PaperSource
from schemas.papers.state import OfficialPapers, PaperKind
from schemas.parcel.state import Parcel
from schemas.stream.ledger import Recorded
from views.log import Connection, Log, LoggedStream


class Papers:
    """Prints official papers. `tracking` is the web address of a filing's tracking page, with `{code}` in it."""

    def __init__(self, pool: Pool, vault: Vault, tracking: str | None) -> None:
        self._vault = vault
        self._procedures = Procedures(pool)
        self._tracking = tracking

    async def print(self, kind: PaperKind, log: Log, told: LoggedStream) -> Printed | None:
        """Prints the paper about the log's last event; None if the event does not cause it.

        Raises the errors of `sheet` and `printed`.
        """
        filing, before, course = await _filing(log, told)
        if not needed(kind, told.events[-1].event.kind, before, filing):
            return None
        procedure = await self._procedures.published(filing.procedure.code, filing.procedure.version)
        named = (
            filing.desk,
            filing.result_desk,
            filing.agency,
            *filing.had_by,
            *(part.agency for part in filing.parts),
        )
        acted = (recorded.actor.agency for recorded in told.events)
        higher = getattr(told.state, "higher", None)
        agencies = sorted({agency for agency in (*named, *acted, told.state.agency, higher) if agency})
        names, titles = await officers(log.connection, agencies)
        source = PaperSource(
            events=tuple(told.events),
            filing=filing,
            procedure=procedure,
            agencies=await letterheads(log.connection, agencies),
            phones={row["agency"]: row["phone"] for row in await log.connection.fetch(_PHONES, agencies)},
            officers=names,
            titles=titles,
            tracking=self._tracking,
            before=before,
            complaint=told.state if told.kind.state is Complaint else None,
            parcel=told.state if told.kind.state is Parcel else None,
            course=course,
            receipt=told.state.receipts[-1] if told.kind.state is OfficialPapers else None,
        )
        paper = sheet(kind, source)
        template = await template_of(log.connection, paper.agency, kind, procedure.code)
        key = require(await self._vault.find(log.connection, filing.filing_id))
        salt = key.salt(f"{kind}\n{told.stream}\n{told.events[-1].seq}")
        return Printed(printed(paper, told.events[-1].at, template, salt), version_of(template))


async def _filing(log: Log, told: LoggedStream) -> tuple[Filing, Filing | None, tuple[Recorded, ...]]:
    """Returns the filing's state at the event that causes the paper, the state before, and the filing's events so far.

    If the event belongs to the filing itself, the events are empty; if it belongs to another stream, the state before
    is None.
    """
    if told.kind.state is Filing:
        *earlier, now = told.states()
        return now, earlier[-1] if earlier else None, ()
    at = told.events[-1].at
    about = await log.read(filing_workflow(told.before.filing_id))
    course = tuple(recorded for recorded in about.events if recorded.at <= at)
    return replace(about, events=[*course]).state, None, course


async def officers(connection: Connection, agencies: Iterable[str]) -> tuple[dict[str, str], dict[str, Text]]:
    """Returns these agencies' officers by subject: their names, and the power and title printed above the names."""
    rows = await connection.fetch(_OFFICERS, list(agencies))
    above = ((row["subject"], [line for line in (row["power"], row["title"]) if line]) for row in rows)
    titles = {subject: plain("\n".join(lines)) for subject, lines in above if lines}
    return {row["subject"]: row["name"] for row in rows}, titles


async def letterheads(connection: Connection, agencies: Iterable[str]) -> dict[str, Letterhead]:
    """Returns letterheads by agency. The line above an agency's name names the agency with the next shorter code.

    The place is the commune or ward for a People's Committee (Decree 30/2020 annex I), and the province for any other
    agency.
    """
    rows = await connection.fetch(_LETTERHEADS, list(agencies))
    return {
        row["agency"]: Letterhead(
            name=Text(vi=row["name_vi"], en=row["name_en"]),
            parent=_text(row, "parent"),
            place=seat(Text(vi=row["name_vi"], en=row["name_en"])) or _text(row, "place"),
        )
        for row in rows
    }


async def communes(connection: Connection, codes: Iterable[str]) -> dict[str, Text]:
    """Returns the names of communes by code, taken from the names of their People's Committees in the directory."""
    rows = await connection.fetch(_COMMUNES, list(codes))
    named = ((row["code"], unit_of(Text(vi=row["name_vi"], en=row["name_en"]))) for row in rows)
    return {code: name for code, name in named if name is not None}


def _text(row: Any, name: str) -> Text | None:
    vi, en = row[f"{name}_vi"], row[f"{name}_en"]
    return None if vi is None else Text(vi=vi, en=en)


_LETTERHEADS: Final = """
select own.agency, own.name_vi, own.name_en, parent.name_vi as parent_vi, parent.name_en as parent_en,
       place.name_vi as place_vi, place.name_en as place_en
from agency as own left join lateral (
    select name_vi, name_en from agency where starts_with(own.agency, agency || '.')
    order by length(agency) desc limit 1
) as parent on true left join province_in_force as place on place.province = own.province
where own.agency = any($1)
"""
_COMMUNES: Final = """
select code, name_vi, name_en from agency, unnest(territory) as code where kind = 'commune' and code = any($1)
"""
_PHONES: Final = "select agency, phone from agency where agency = any($1) and phone is not null"
_OFFICERS: Final = """
select distinct on (subject) subject, name, power, title from officer
where agency = any($1) or agency in (select heir_of(closed_one) from unnest($1::text[]) as closed_one) order by subject
"""
