"""Thông báo dừng, tạm dừng giải quyết hồ sơ: the reason, the legal basis, the end of a suspension."""

from collections.abc import Iterator

from rules.papers.sheets.made import about, appeal, made, officer, received
from rules.papers.sheets.refusal import grounds
from rules.papers.sheets.written import moment, plain
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.papers.sheet import PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def stop(source: PaperSource) -> PaperSheet:
    """The notice of a suspended or ended filing."""
    suspended = isinstance(source.cause.event, ev.Suspended)
    _, law = grounds(source)
    told = said("paper.suspended") if suspended else said("paper.stopped")
    return made(
        PaperKind.STOP,
        source,
        issuer=source.filing.agency,
        title=said("paper.suspension") if suspended else said("paper.stop"),
        body=(Paragraph(text=told), Rows(rows=(*about(source), *_rows(source)))),
        law=law,
        signatories=(officer(source, said("paper.head_of_agency")),),
    )


def _rows(source: PaperSource) -> Iterator[Row]:
    event, seq = source.cause.event, source.cause.seq
    reason, _ = grounds(source)
    yield received(source)
    yield Row(place=f"events[{seq}].reason", label=said("paper.reason"), value=reason)
    if isinstance(event, ev.Suspended) and event.awaits is not None:
        yield Row(place=f"events[{seq}].awaits", label=said("paper.awaits"), value=plain(event.awaits))
    if isinstance(event, ev.Suspended) and (clock := source.filing.clocks.get(Clock.SUSPENSION)) is not None:
        yield Row(place="until", label=said("paper.suspended_until"), value=moment(clock.due))
    yield from appeal(source)
