"""Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ: all missing items, listed once and fully."""

from collections.abc import Iterator

from rules.papers.sheets.made import about, made, named, officer
from rules.papers.sheets.written import moment
from rules.require import require
from schemas.base import Text
from schemas.filing.commands import SupplementItem
from schemas.filing.events import Clock
from schemas.papers.sheet import Block, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def supplement(source: PaperSource) -> PaperSheet:
    """The request of a filing that waits for its supplement."""
    asked = require(source.filing.supplement)
    return made(
        PaperKind.SUPPLEMENT,
        source,
        issuer=source.filing.receiving,
        title=said("paper.supplement"),
        body=_body(source, asked.items),
        law=(asked.legal_basis,),
        signatories=(officer(source, said("paper.who_guides"), asked.officer),),
    )


def _body(source: PaperSource, items: tuple[SupplementItem, ...]) -> Iterator[Block]:
    yield Rows(rows=tuple(about(source)))
    yield Listing(title=said("paper.to_supply"), items=tuple(_item(source, item) for item in items))
    if (clock := source.filing.clocks.get(Clock.SUPPLEMENT)) is not None:
        yield Rows(rows=(Row(place="due", label=said("paper.supply_by"), value=moment(clock.due)),))
    yield Paragraph(text=said("paper.ask_the_desk"))


def _item(source: PaperSource, item: SupplementItem) -> Text:
    return said("paper.item_and_note", name=named(source, item.target, item.code), note=item.note)
