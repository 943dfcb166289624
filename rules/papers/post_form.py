"""Phiếu gửi hồ sơ qua bưu chính: who sends what to whom, and what is to be collected for it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.known import known
from rules.papers.made import about, by_hand, made, named, officer
from rules.papers.written import letterhead, moment, plain
from rules.publishing.rule_words import money
from schemas.filing import events as ev
from schemas.filing.commands import TargetKind
from schemas.filing.events import Clock
from schemas.papers import PaperKind
from schemas.papers_sheet import Block, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows, Signatory
from schemas.saying import said


def post_form(source: PaperSource) -> PaperSheet:
    """Of a filing that the post has brought, or whose result goes by post."""
    comes = isinstance(source.cause.event, ev.Submitted)
    return made(
        PaperKind.FORM,
        source,
        issuer=source.filing.receiving if comes else source.filing.returning,
        title=said("paper.form"),
        body=_dossier(source) if comes else _result(source),
        signatories=_signatories(source, comes=comes),
    )


def _signatories(source: PaperSource, *, comes: bool) -> tuple[Signatory, ...]:
    sender, recipient = said("paper.sender"), said("paper.recipient")
    return (
        by_hand(sender) if comes else officer(source, sender),
        by_hand(said("paper.post_office")),
        officer(source, recipient) if comes else by_hand(recipient),
    )


def _dossier(source: PaperSource) -> Iterator[Block]:
    filing = source.filing
    came = filing.received_at or known(filing.submitted_at)
    rows = (
        Row(place="desk", label=said("paper.recipient"), value=letterhead(source, filing.receiving).name),
        Row(place="received_at", label=said("paper.received_at"), value=moment(came)),
    )
    papers = (named(source, TargetKind.PAPER, paper.code) for paper in filing.papers)
    yield Rows(rows=(*about(source), *rows))
    yield Listing(title=said("paper.papers_handed_in"), items=tuple(papers))


def _result(source: PaperSource) -> Iterator[Block]:
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
