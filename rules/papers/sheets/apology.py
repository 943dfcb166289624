"""Văn bản xin lỗi và hẹn lại, gia hạn: the missed appointment, the reason, and the new one."""

from collections.abc import Iterator
from datetime import datetime

from rules.papers.sheets.made import about, made, officer, received
from rules.papers.sheets.written import letterhead, moment, plain
from rules.require import require
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.filing.state import Filing
from schemas.papers.sheet import PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def apology(source: PaperSource) -> PaperSheet:
    """The apology for a late result, now or expected: with a new appointment, a longer limit, or neither."""
    title, told = _words(source)
    return made(
        PaperKind.APOLOGY,
        source,
        issuer=source.filing.agency,
        title=title,
        to=plain(require(source.filing.applicant).name),
        body=(Paragraph(text=told), Rows(rows=tuple(_rows(source))), Paragraph(text=said("paper.understanding"))),
        signatories=(officer(source, said("paper.head_of_agency")),),
    )


def _words(source: PaperSource) -> tuple[Text, Text]:
    agency = letterhead(source, source.filing.agency).name
    match source.cause.event:
        case ev.Extended():
            return said("paper.extension"), said("paper.extended", agency=agency)
        case ev.Apologised():
            return said("paper.apology"), said("paper.apologised", agency=agency)
        case _:
            return said("paper.reappointment"), said("paper.apologised", agency=agency)


def _rows(source: PaperSource) -> Iterator[Row]:
    event, now = source.cause.event, _due(source.filing)
    yield from about(source)
    yield received(source)
    before = _appointment(source)
    if before is not None:
        yield Row(place="before", label=said("paper.appointment"), value=moment(before))
    yield Row(place=f"events[{source.cause.seq}].reason", label=said("paper.reason"), value=plain(event.reason))
    if now is not None and not isinstance(event, ev.Apologised):
        yield Row(place="due", label=said("paper.new_appointment"), value=moment(now))


def _appointment(source: PaperSource) -> datetime | None:
    """The appointment that this event replaces."""
    if source.before is not None:
        return _due(source.before)
    drafted = [one.event.due for one in source.events if isinstance(one.event, ev.ApologyDrafted)]
    return drafted[-1] if drafted else None


def _due(filing: Filing) -> datetime | None:
    clock = filing.clocks.get(Clock.PROCESSING)
    return None if clock is None else clock.due
