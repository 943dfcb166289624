"""The files of a filing: which of them a reader may have, and which may be uploaded."""

from collections.abc import Iterator
from typing import Final

from schemas.errors import NOT_FOUND, NOT_READY, RefusalCode, RefusalError, problem, refused
from schemas.files import FileRef, file_key, files_named
from schemas.filing.state import Filing
from schemas.ids import StreamId
from schemas.privacy import ERASED
from schemas.reading import AskFile, AskUpload
from views.applicant import linked_result
from views.log import Log, LoggedStream
from views.registers.papers import papers
from views.timeline import STREAMS


async def file_shown(log: Log, asked: AskFile) -> FileRef:
    """Returns the reference to a file of a filing.

    Applicants and officers may have the same files: the present papers, the official papers, and the files in events
    whose content applicants see, such as results; with a link the file of the result alone. Refused as `not_ready`
    while the virus scanner has not reported on a file, and as `not_found` for any other file, such as one with a virus.
    """
    if asked.link is not None:
        shown = [(await linked_result(log, asked.stream, asked.link)).result]
    else:
        filing = await _filing(log, asked.stream)
        if any(paper.file is not None and paper.file.sha256 == asked.sha256 for paper in filing.to_scan):
            raise RefusalError(NOT_READY)
        shown = await _shown(log, asked.stream, filing)
    for file in shown:
        if file.sha256 == asked.sha256:
            return file
    raise refused(RefusalCode.NOT_FOUND, problem("sha256", "file_not_shown"))


async def file_to_come(log: Log, asked: AskUpload) -> FileRef:
    """Returns the reference to a file to upload. Refused as `not_found` if the filing neither exists nor can begin."""
    if await log.connection.fetchval(_THERE, asked.stream):
        await _filing(log, asked.stream)
    elif not asked.names_its_filing:
        raise RefusalError(NOT_FOUND)
    key = file_key(StreamId.parse(asked.stream).filing, asked.sha256)
    return FileRef(key=key, sha256=asked.sha256, size=asked.size, media_type=asked.media_type)


async def _filing(log: Log, stream: str) -> Filing:
    told = await log.read(stream)
    if told.kind.state is not Filing:
        raise RefusalError(NOT_FOUND)
    filing: Filing = told.state
    if filing.erased_at is not None:
        raise RefusalError(ERASED)
    return filing


async def _shown(log: Log, stream: str, filing: Filing) -> list[FileRef]:
    """Returns the files of a filing that readers may have. Only the present version of each paper is included."""
    found = {paper.code: paper.file for paper in filing.papers if paper.file is not None}
    shown = [file for code, file in found.items() if code not in filing.infected]
    shown += [made.file for made in await papers(log, stream)]
    for row in await log.connection.fetch(STREAMS, stream):
        named = _named(await log.read(row["stream"]))
        shown += [file for place, file in named if not place.startswith("papers[") and place not in filing.infected]
    return shown


def _named(told: LoggedStream) -> Iterator[tuple[str, FileRef]]:
    """Yields (place, file) for each file in those events of a stream whose content applicants see."""
    for recorded in told.events:
        if type(recorded.event) in told.kind.shown:
            yield from files_named(recorded.event)


_THERE: Final = "select true from stream where stream = $1 and head_seq > 0"
