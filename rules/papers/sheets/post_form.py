"""Phiếu gửi hồ sơ qua bưu chính (Decision 45/2016 art. 6): sender, recipient, content, and the sum to collect."""

from collections.abc import Iterator

from rules.amounts import money
from rules.papers.sheets.made import about, by_hand, handed_in, made, officer
from rules.papers.sheets.written import letterhead, moment, plain
from rules.require import require
from schemas.filing.events import Clock, Submitted
from schemas.papers.sheet import Block, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def post_form(source: PaperSource) -> PaperSheet:
    """The form for a filing that the post delivered, or for a result that it is to deliver."""
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
    filing, to = source.filing, require(source.filing.address)
    rows = [
        Row(place="sender", label=said("paper.sender"), value=letterhead(source, filing.returning).name),
        Row(place="address.recipient", label=said("paper.recipient"), value=plain(to.recipient)),
        Row(place="address.phone", label=said("sheet.phone"), value=plain(to.phone)),
        Row(place="address.address", label=said("paper.address"), value=plain(to.address)),
        Row(place="address.postcode", label=said("paper.postcode"), value=plain(to.postcode)),
        Row(place="contents", label=said("paper.contents"), value=source.procedure.result.name),
        Row(place="n", label=said("paper.consignment"), value=plain(str(filing.parcels))),
    ]
    if filing.fee is not None and filing.fee_pending:
        rows.append(Row(place="fee", label=said("paper.collect"), value=money(filing.fee.amount)))
    if filing.collected_on_delivery:
        rows.append(Row(place="postage", label=said("paper.postage"), value=money(filing.collected_on_delivery)))
    if (clock := filing.clocks.get(Clock.DELIVERY)) is not None:
        rows.append(Row(place="due", label=said("paper.deliver_by"), value=moment(clock.due)))
    yield Rows(rows=tuple(rows))
    yield Paragraph(text=said("paper.post_returns"))
