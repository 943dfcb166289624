"""Papers that accompany other papers: the hand-over record, the form for the post, and the label on a parcel."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rules.papers.sheets.made import about, by_hand, due, handed_in, letterhead, made, moment, named, officer, plain
from rules.require import require
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.commands import TargetKind
from schemas.filing.events import Clock, Submitted
from schemas.level import Channel
from schemas.papers.sheet import Block, Column, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows, Signatory, Table
from schemas.papers.state import PaperKind
from schemas.parcel.state import Parcel
from schemas.people import Address
from schemas.stream.ledger import Recorded
from schemas.translate import in_dong, said


class _Way(NamedTuple):
    """A hand-over of papers: the giver, the taker, the papers, and the originals among them."""

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


def post_form(source: PaperSource) -> PaperSheet:
    """Phiếu gửi hồ sơ qua bưu chính (Decision 45/2016 art. 6): sender, recipient, content, and the sum to collect."""
    came = isinstance(source.cause.event, Submitted)
    sender = by_hand(said("paper.sender")) if came else officer(source, said("paper.sender"))
    return made(
        PaperKind.FORM,
        source,
        issuer=source.filing.receiving if came else source.filing.returning,
        title=said("paper.form"),
        body=_brought(source) if came else _returned(source),
        signatories=(sender, by_hand(said("paper.post_office")), by_hand(said("paper.recipient"))),
    )


def _brought(source: PaperSource) -> Iterator[Block]:
    to = Row(place="desk", label=said("paper.recipient"), value=letterhead(source, source.filing.receiving).name)
    yield Rows(rows=(*about(source), to))
    yield Listing(title=said("paper.papers_handed_in"), items=tuple(handed_in(source)))


def _returned(source: PaperSource) -> Iterator[Block]:
    filing = source.filing
    rows = [
        *_parties(source, require(filing.address)),
        Row(place="contents", label=said("paper.contents"), value=source.procedure.result.name),
        Row(place="n", label=said("paper.consignment"), value=plain(str(filing.parcels))),
    ]
    if filing.fee is not None and filing.fee_pending:
        rows.append(Row(place="fee", label=said("paper.collect"), value=in_dong(filing.fee.amount)))
    if filing.collected_on_delivery:
        rows.append(Row(place="postage", label=said("paper.postage"), value=in_dong(filing.collected_on_delivery)))
    yield Rows(rows=(*rows, *due(source, Clock.DELIVERY, said("paper.deliver_by"))))
    yield Paragraph(text=said("paper.post_returns"))


def label(source: PaperSource) -> PaperSheet:
    """Nhãn bưu gửi: the label on a parcel, and the list of the originals that are returned in it.

    The label is public, so it does not name the subject of the result. The list lies inside the parcel.
    """
    parcel = require(source.parcel)
    return made(
        PaperKind.LABEL,
        source,
        issuer=source.filing.returning,
        title=said("paper.label"),
        body=_label_body(source, parcel),
        signatories=(),
        waybill=require(parcel.waybill),
    )


def _label_body(source: PaperSource, parcel: Parcel) -> Iterator[Block]:
    originals = originals_held(source.course)
    yield Rows(rows=(*_parties(source, require(parcel.address)), *_carried(source, parcel, originals)))
    yield Paragraph(text=said("paper.post_returns"))
    if originals:
        items = tuple(named(source, TargetKind.PAPER, code) for code in originals)
        yield Listing(title=said("paper.originals_returned"), items=items, apart=True)


def _parties(source: PaperSource, to: Address) -> Iterator[Row]:
    yield Row(place="sender", label=said("paper.sender"), value=letterhead(source, source.filing.returning).name)
    yield Row(place="address.recipient", label=said("paper.recipient"), value=plain(to.recipient))
    yield Row(place="address.phone", label=said("sheet.phone"), value=plain(to.phone))
    yield Row(place="address.address", label=said("paper.address"), value=plain(to.address))
    yield Row(place="address.postcode", label=said("paper.postcode"), value=plain(to.postcode))


def _carried(source: PaperSource, parcel: Parcel, originals: tuple[str, ...]) -> Iterator[Row]:
    result = source.filing.results[-1]
    if result.number is not None:
        yield Row(place="result.number", label=said("paper.result_number"), value=plain(result.number))
    yield Row(place="result.copies", label=said("paper.result_copies"), value=plain(str(result.copies)))
    if originals:
        yield Row(place="originals", label=said("paper.originals"), value=plain(str(len(originals))))
    yield Row(place="carrier", label=said("paper.carrier"), value=said("paper.the_post"))
    yield Row(place="n", label=said("paper.consignment"), value=plain(str(parcel.n)))
    collected = in_dong(parcel.cod) if parcel.cod else said("paper.nothing_to_collect")
    yield Row(place="cod", label=said("paper.collect"), value=collected)
    yield Row(place="due", label=said("paper.deliver_by"), value=moment(require(parcel.due)))


def originals_held(course: Iterable[Recorded]) -> tuple[str, ...]:
    """The codes of the original papers that were sent to the agency and are not returned yet."""
    held: tuple[str, ...] = ()
    for recorded in course:
        match recorded.event:
            case ev.DossierTransferred(originals=originals):
                held = tuple(dict.fromkeys((*held, *originals)))
            case ev.HandedOver(channel=Channel.COUNTER | Channel.POST):
                held = ()
            case ev.ParcelFailed(outcome=outcome) if outcome in ev.SPOILT:
                held = ()
    return held
