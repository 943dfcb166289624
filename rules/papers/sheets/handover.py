"""Biên bản giao nhận hồ sơ: the papers handed over, the giver and the receiver, and their signatures."""

from collections.abc import Iterator
from typing import NamedTuple

from rules.papers.sheets.made import about, by_hand, letterhead, made, moment, named, officer, plain
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.commands import TargetKind
from schemas.papers.sheet import Block, Column, PaperSheet, PaperSource, Row, Rows, Signatory, Table
from schemas.papers.state import PaperKind
from schemas.stream.ledger import Recorded
from schemas.translate import said


class _Way(NamedTuple):
    """A hand-over: its giver, its receiver, the papers, and the originals among them."""

    giver: Text
    taker: Text
    given_by: Signatory
    taken_by: Signatory
    papers: tuple[str, ...]
    originals: tuple[str, ...] | None = None
    note: str | None = None


def handover(source: PaperSource) -> PaperSheet:
    """The hand-over record of papers that a desk sent to the deciding agency, or that the post delivered to a desk."""
    sent = [one for one in source.events if isinstance(one.event, ev.DossierTransferred)]
    way = _between_agencies(source, sent[-1]) if sent else _from_the_post(source)
    return made(
        PaperKind.HANDOVER,
        source,
        issuer=source.filing.receiving,
        title=said("paper.handover"),
        body=_body(source, way),
        signatories=(way.given_by, way.taken_by),
    )


def _between_agencies(source: PaperSource, sent: Recorded) -> _Way:
    filing, arrived = source.filing, source.cause.event
    here = isinstance(arrived, ev.DossierReceived)
    taker = said("paper.taken_by")
    return _Way(
        giver=letterhead(source, filing.receiving).name,
        taker=letterhead(source, filing.agency).name,
        given_by=officer(source, said("paper.given_by"), sent.event.officer),
        taken_by=officer(source, taker, arrived.officer) if here else by_hand(taker),
        papers=sent.event.papers,
        originals=sent.event.originals,
        note=arrived.note if here else None,
    )


def _from_the_post(source: PaperSource) -> _Way:
    filing = source.filing
    on_paper = tuple(paper.code for paper in filing.papers if paper.file is None)
    return _Way(
        giver=said("paper.the_post"),
        taker=letterhead(source, filing.receiving).name,
        given_by=by_hand(said("paper.given_by")),
        taken_by=officer(source, said("paper.taken_by")),
        papers=on_paper or tuple(paper.code for paper in filing.papers),
    )


def _body(source: PaperSource, way: _Way) -> Iterator[Block]:
    # the post may have handed the papers over before this was recorded
    handed_over_at = getattr(source.cause.event, "received_at", None) or source.cause.at
    parties = (
        Row(place="giver", label=said("paper.giver"), value=way.giver),
        Row(place="taker", label=said("paper.taker"), value=way.taker),
        Row(place="at", label=said("paper.handed_over_at"), value=moment(handed_over_at)),
    )
    columns = (
        Column(title=said("paper.number")),
        Column(title=said("paper.paper"), share=8),
        Column(title=said("paper.copy"), share=3),
    )
    papers = (
        (plain(str(n)), named(source, TargetKind.PAPER, code), _copy(way, code)) for n, code in enumerate(way.papers, 1)
    )
    yield Rows(rows=(*about(source), *parties))
    yield Table(columns=columns, rows=tuple(papers))
    if way.note is not None:
        note = Row(place=f"events[{source.cause.seq}].note", label=said("paper.note"), value=plain(way.note))
        yield Rows(rows=(note,))


def _copy(way: _Way, code: str) -> Text:
    if way.originals is None:
        return said("sheet.on_paper")
    return said("paper.original") if code in way.originals else said("paper.a_copy")
