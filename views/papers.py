"""The official papers of a filing that have been made."""

from __future__ import annotations

from schemas.errors import RefusalCode, RefusalError
from schemas.ids import StreamId, papers_stream
from schemas.papers import OfficialPaper
from views.log import Log


async def papers(log: Log, stream: str) -> tuple[OfficialPaper, ...]:
    """Those of the filing of this stream, in the order in which they were made; none for one that has none yet."""
    try:
        told = await log.read(papers_stream(StreamId.parse(stream).filing))
    except RefusalError as error:
        if error.refusal.code is not RefusalCode.NOT_FOUND:
            raise
        return ()
    made: tuple[OfficialPaper, ...] = told.state.made
    return made
