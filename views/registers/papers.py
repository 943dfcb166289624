"""The official papers of a filing, and the facts about a paper that its holder may learn."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.errors import RefusalCode, RefusalError
from schemas.ids import StreamId, papers_stream
from schemas.papers.state import OfficialPaper, PaperKind
from views.log import Connection, Log


async def papers(log: Log, stream: str) -> tuple[OfficialPaper, ...]:
    """Returns the papers of this stream's filing, in the order in which they were made; empty if there are none."""
    try:
        told = await log.read(papers_stream(StreamId.parse(stream).filing))
    except RefusalError as error:
        if error.refusal.code is not RefusalCode.NOT_FOUND:
            raise
        return ()
    made: tuple[OfficialPaper, ...] = told.state.made
    return made


@dataclass(frozen=True)
class IssuedPaper:
    """A paper in the record: its kind, code and agency, the SHA-256 of its template, and whether it is sealed."""

    paper: PaperKind
    code: str
    agency: str
    made_at: datetime
    template: str
    sealed: bool


async def issued_paper(connection: Connection, code: str, sha256: str) -> IssuedPaper | None:
    """Returns the paper of the filing with this dossier code whose file has this digest; None if there is none."""
    row = await connection.fetchrow(_ISSUED, code, sha256)
    if row is None:
        return None
    made = json.loads(row["made"])
    about = (row["code"], row["agency"], row["recorded_at"])
    return IssuedPaper(PaperKind(made["paper"]), *about, made["template"], made["signed"])


_ISSUED: Final = """
select code, agency, recorded_at, made from (
    select filing.code, event.agency, recorded_at, convert_from(event.body, 'UTF8')::jsonb as made
    from filing join event on event.stream = 'papers:' || filing.filing_id and kind = 'paper_made'
    where filing.code = $1
) as issued where made #>> '{file,sha256}' = $2 limit 1
"""
