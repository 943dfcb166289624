"""Phiếu từ chối tiếp nhận, giải quyết hồ sơ: the reason, the legal basis, and the deadline for a complaint."""

from typing import Final

from rules.papers.sheets.made import about, appeal, made, officer, received
from rules.papers.sheets.written import plain
from schemas.base import Text
from schemas.filing import events as ev
from schemas.papers.sheet import PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said

LAPSED: Final[dict[str, Text]] = {
    "supplement_expired": said("paper.nothing_supplied"),
    "fee_expired": said("paper.fee_not_paid"),
}
"""The reasons of a filing's end that nobody decided, by kind of event."""


def refusal(source: PaperSource) -> PaperSheet:
    """The refusal at intake, or on the merits."""
    event = source.cause.event
    on_the_merits = isinstance(event, ev.Decided)
    reason, law = grounds(source)
    why = Row(place=f"events[{source.cause.seq}].reason", label=said("paper.reason"), value=reason)
    rows = (*about(source), received(source), why, *appeal(source))
    signs = said("paper.head_of_agency") if on_the_merits else said("paper.who_received")
    return made(
        PaperKind.REFUSAL,
        source,
        issuer=source.filing.agency if on_the_merits else source.filing.receiving,
        title=said("paper.refusal"),
        body=(Paragraph(text=said("paper.refused")), Rows(rows=rows)),
        law=law,
        signatories=(officer(source, signs),),
    )


def grounds(source: PaperSource) -> tuple[Text, tuple[str, ...]]:
    """The reason that the causing event states, and the legal basis, if the event names one."""
    event = source.cause.event
    reason, law = getattr(event, "reason", None), getattr(event, "legal_basis", None)
    return LAPSED.get(event.kind) or plain(reason or "-"), () if law is None else (law,)
