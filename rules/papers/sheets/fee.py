"""Papers about money: the notice of a fee or an obligation to pay, and the receipt."""

from collections.abc import Iterator

from rules.amounts import in_words
from rules.causes import RECEIPT_OF
from rules.filing.fees.assessment import charged_back
from rules.papers.sheets.made import about, by_hand, due, made, moment, notifies, plain
from rules.require import require
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.level import Channel
from schemas.names import CHANNEL_NAMES, MEANS_NAMES
from schemas.papers.sheet import Block, Column, PaperSheet, PaperSource, Paragraph, Row, Rows, Table
from schemas.papers.state import MoneyReceipt, PaperKind
from schemas.publishing.fee import FeeKind
from schemas.translate import in_dong, said


def fee(source: PaperSource) -> PaperSheet:
    """Thông báo nộp phí, lệ phí và nghĩa vụ tài chính: the items, the sum, the deadline."""
    event = source.cause.event
    to_another = isinstance(event, ev.ObligationDemanded)
    return made(
        PaperKind.FEE,
        source,
        issuer=source.filing.agency if to_another else source.filing.receiving,
        title=said("paper.obligation") if to_another else said("paper.fee"),
        body=_obligation(source, event) if isinstance(event, ev.ObligationDemanded) else _fee(source, event),
        signatories=(notifies(source),),
    )


def _fee(source: PaperSource, event: ev.FeeRequested) -> Iterator[Block]:
    columns = (
        Column(title=said("paper.item"), share=4),
        Column(title=said("paper.rate"), share=2, amounts=True),
        Column(title=said("paper.quantity"), amounts=True),
        Column(title=said("paper.sum"), share=2, amounts=True),
    )
    names = _items(source)
    lines = [
        (names.get(line.code, plain(line.code)), in_dong(line.amount), plain(str(line.quantity)), in_dong(line.total))
        for line in event.lines
    ]
    if event.waived:
        lines.append((said("paper.waived"), plain(""), plain(""), in_dong(-event.waived)))
    total = (said("paper.total"), plain(""), plain(""), in_dong(event.amount))
    yield Rows(rows=tuple(about(source)))
    yield Table(columns=columns, rows=tuple(lines), total=total)
    yield Rows(rows=(_words(event.amount), _how(event.channel), *due(source, Clock.PAYMENT, said("paper.pay_until"))))
    if event.adds_to is not None:
        yield Paragraph(text=said("paper.fee_lacks" if charged_back(source.filing) else "paper.fee_adds"))
    yield Paragraph(text=said("paper.pay_with_code"))


def _items(source: PaperSource) -> dict[str, Text]:
    fee = source.procedure.fee
    return {} if fee is None else {item.code: item.name for item in fee.items}


def _obligation(source: PaperSource, event: ev.ObligationDemanded) -> Iterator[Block]:
    rule = {step.code: step.obligation for step in source.procedure.review}.get(event.step)
    owed = [
        Row(place="authority", label=said("paper.authority"), value=plain("-") if rule is None else rule.authority),
        Row(place="reference", label=said("paper.reference"), value=plain(event.reference)),
        Row(place="amount", label=said("paper.sum"), value=in_dong(event.amount)),
        _words(event.amount),
    ]
    if event.n is not None:
        owed.append(_how(Channel.ONLINE))
    yield Rows(rows=(*about(source), *owed, *due(source, Clock.OBLIGATION, said("paper.pay_until"))))


def _how(channel: Channel) -> Row:
    return Row(place="fee_channel", label=said("paper.pay_by"), value=CHANNEL_NAMES[channel])


def _words(amount: int) -> Row:
    return Row(place="amount", label=said("paper.in_words"), value=Text(vi=in_words(amount), en=in_dong(amount).en))


def money_receipt(source: PaperSource) -> PaperSheet:
    """Biên lai thu phí, lệ phí: the payer, the items, the procedure, the sum in words, its series and number."""
    receipt = require(source.receipt)
    cashier = None if receipt.officer is None else source.officers.get(receipt.officer)
    return made(
        RECEIPT_OF[receipt.of],
        source,
        issuer=source.filing.agency,
        title=said("paper.charge_receipt") if receipt.of is FeeKind.CHARGE else said("paper.fee_receipt"),
        body=_receipt_body(source, receipt),
        signatories=(by_hand(said("paper.who_paid")), by_hand(said("paper.who_took_money"), cashier)),
    )


def _receipt_body(source: PaperSource, receipt: MoneyReceipt) -> Iterator[Block]:
    payer, void = require(source.filing.applicant), receipt.replaces
    replaces = () if void is None else (Row(place="replaces", label=said("paper.replaces_receipt"), value=plain(void)),)
    yield Rows(
        rows=(
            Row(place="series", label=said("paper.series"), value=plain(receipt.series)),
            Row(place="number", label=said("paper.receipt_number"), value=plain(require(receipt.registered))),
            *replaces,
            Row(place="applicant.name", label=said("paper.payer"), value=plain(payer.name)),
            Row(place="procedure", label=said("paper.about"), value=source.procedure.name),
        )
    )
    columns = (Column(title=said("paper.item"), share=4), Column(title=said("paper.sum"), share=2, amounts=True))
    names, total = _items(source), (said("paper.total"), in_dong(receipt.amount))
    lines = ((names.get(line.code, plain(line.code)), in_dong(line.amount)) for line in receipt.lines)
    yield Table(columns=columns, rows=tuple(lines), total=total)
    way = CHANNEL_NAMES[receipt.channel]
    if receipt.means is not None:
        way = said("paper.way_to", way=way, where=MEANS_NAMES[receipt.means])
    yield Rows(
        rows=(
            _words(receipt.amount),
            Row(place="channel", label=said("paper.pay_by"), value=way),
            Row(place="issued_at", label=said("paper.receipt_issued_at"), value=moment(receipt.at)),
        )
    )
