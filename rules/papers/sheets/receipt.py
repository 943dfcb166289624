"""The acknowledgement to the applicant that the dossier was accepted, with the appointment for the result."""

from collections.abc import Iterator

from rules.papers.sheets.made import (
    about,
    by_hand,
    desk_phone,
    handed_in,
    letterhead,
    made,
    moment,
    officer,
    plain,
    received,
)
from rules.require import require
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.filing.events import Clock
from schemas.level import Channel
from schemas.names import CHANNEL_NAMES
from schemas.papers.sheet import Block, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def receipt(source: PaperSource) -> PaperSheet:
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả: the accepted papers, and the date and place of the result."""
    return made(
        PaperKind.RECEIPT,
        source,
        issuer=source.filing.receiving,
        title=said("paper.receipt"),
        body=_body(source),
        signatories=(by_hand(said("paper.who_filed")), officer(source, said("paper.who_received"))),
    )


def _body(source: PaperSource) -> Iterator[Block]:
    applicant, *rest = about(source)
    yield Rows(rows=(applicant, *_address(source), *rest))
    if items := tuple(handed_in(source)):
        yield Listing(title=said("paper.papers_handed_in"), items=items)
    yield Rows(rows=tuple(_appointment(source)))
    fetched = source.filing.result_channel is Channel.COUNTER
    yield Paragraph(text=said("paper.bring_this" if fetched else "paper.follow_it"))


def _address(source: PaperSource) -> Iterator[Row]:
    """The row with the applicant's address, to be filled in by hand if the filing has none."""
    address = source.filing.address
    value = said("paper.to_fill_in") if address is None else plain(address.address)
    yield Row(place="address.address", label=said("paper.address"), value=value)


def _book(source: PaperSource) -> Row:
    """The row that locates the filing in the register: the book of its month, and its number within its day."""
    day = require(source.filing.submitted_at).astimezone(VIETNAM)
    number = require(source.filing.code).rpartition("-")[2]
    value = said("paper.in_book", month=f"{day:%m}", year=f"{day:%Y}", day=f"{day:%d}", number=number)
    return Row(place="code", label=said("paper.book"), value=value)


def _appointment(source: PaperSource) -> Iterator[Row]:
    filing = source.filing
    yield Row(place="sets", label=said("paper.sets"), value=plain(str(source.procedure.information.sets)))
    yield received(source)
    clock = filing.clocks[Clock.PROCESSING]
    yield Row(place="limit", label=said("paper.limit"), value=clock.limit.words)
    yield Row(place="due", label=said("paper.result_at"), value=moment(clock.due))
    yield Row(place="result_channel", label=said("paper.result_by"), value=_way(source))
    yield from desk_phone(source, filing.returning if filing.result_channel is Channel.COUNTER else filing.receiving)
    yield _book(source)


def _way(source: PaperSource) -> Text:
    filing = source.filing
    way = CHANNEL_NAMES[filing.result_channel]
    if filing.result_channel is Channel.COUNTER:
        return said("paper.way_to", way=way, where=letterhead(source, filing.returning).name)
    if filing.result_channel is Channel.POST and filing.address is not None:
        to = filing.address
        return said("paper.way_to", way=way, where=f"{to.recipient}, {to.phone}, {to.address}, {to.postcode}")
    return way
