"""Phiếu gửi hồ sơ qua bưu chính: who sends what to whom, and what is to be collected for it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.known import known
from rules.papers.made import by_hand, made, officer
from rules.papers.written import letterhead, moment, plain
from rules.publishing.rule_words import money
from schemas.filing.events import Clock
from schemas.papers import PaperKind
from schemas.papers_sheet import Block, PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.saying import said


def post_form(source: PaperSource) -> PaperSheet:
    """Of a filing whose result goes by post."""
    return made(
        PaperKind.FORM,
        source,
        issuer=source.filing.returning,
        title=said("paper.form"),
        body=_body(source),
        signatories=(
            officer(source, said("paper.sender")),
            by_hand(said("paper.post_office")),
            by_hand(said("paper.recipient")),
        ),
    )


def _body(source: PaperSource) -> Iterator[Block]:
    filing, to = source.filing, known(source.filing.address)
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
    if (clock := filing.clocks.get(Clock.DELIVERY)) is not None:
        rows.append(Row(place="due", label=said("paper.deliver_by"), value=moment(clock.due)))
    yield Rows(rows=tuple(rows))
    yield Paragraph(text=said("paper.post_returns"))
