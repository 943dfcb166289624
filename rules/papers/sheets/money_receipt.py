"""Biên lai thu phí, lệ phí: the payer, the items, the procedure, the sum in words, its series and number."""

from collections.abc import Iterator

from rules.amounts import money
from rules.causes import RECEIPT_OF
from rules.papers.amounts import in_words
from rules.papers.sheets.made import by_hand, made
from rules.papers.sheets.written import moment, plain
from rules.require import require
from schemas.base import Text
from schemas.names import CHANNEL_NAMES, MEANS_NAMES
from schemas.papers.sheet import Block, Column, PaperSheet, PaperSource, Row, Rows, Signatory, Table
from schemas.papers.state import MoneyReceipt
from schemas.publishing.fee import FeeKind
from schemas.translate import said


def money_receipt(source: PaperSource) -> PaperSheet:
    """The receipt for money paid for a filing, after its number is assigned."""
    receipt = require(source.receipt)
    title = said("paper.charge_receipt") if receipt.of is FeeKind.CHARGE else said("paper.fee_receipt")
    return made(
        RECEIPT_OF[receipt.of],
        source,
        issuer=source.filing.agency,
        title=title,
        body=_body(source, receipt),
        signatories=(by_hand(said("paper.who_paid")), _cashier(source, receipt)),
    )


def _body(source: PaperSource, receipt: MoneyReceipt) -> Iterator[Block]:
    payer = require(source.filing.applicant)
    yield Rows(
        rows=(
            Row(place="series", label=said("paper.series"), value=plain(receipt.series)),
            Row(place="number", label=said("paper.receipt_number"), value=plain(require(receipt.registered))),
            *_replaces(receipt),
            Row(place="applicant.name", label=said("paper.payer"), value=plain(payer.name)),
            Row(place="procedure", label=said("paper.about"), value=source.procedure.name),
        )
    )
    columns = (Column(title=said("paper.item"), share=4), Column(title=said("paper.sum"), share=2, amounts=True))
    names = {} if source.procedure.fee is None else {item.code: item.name for item in source.procedure.fee.items}
    yield Table(
        columns=columns,
        rows=tuple((names.get(line.code, plain(line.code)), money(line.amount)) for line in receipt.lines),
        total=(said("paper.total"), money(receipt.amount)),
    )
    words = Text(vi=in_words(receipt.amount), en=money(receipt.amount).en)
    yield Rows(
        rows=(
            Row(place="amount", label=said("paper.in_words"), value=words),
            Row(place="channel", label=said("paper.pay_by"), value=_way(receipt)),
            Row(place="issued_at", label=said("paper.receipt_issued_at"), value=moment(receipt.at)),
        )
    )


def _replaces(receipt: MoneyReceipt) -> Iterator[Row]:
    if receipt.replaces is not None:
        yield Row(place="replaces", label=said("paper.replaces_receipt"), value=plain(receipt.replaces))


def _way(receipt: MoneyReceipt) -> Text:
    way = CHANNEL_NAMES[receipt.channel]
    return way if receipt.means is None else said("paper.way_to", way=way, where=MEANS_NAMES[receipt.means])


def _cashier(source: PaperSource, receipt: MoneyReceipt) -> Signatory:
    name = None if receipt.officer is None else source.officers.get(receipt.officer)
    return Signatory(title=said("paper.who_took_money"), how=said("sheet.by_hand"), name=name)
