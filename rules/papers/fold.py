"""The change that each event makes to a filing's official papers, and a search for a paper among those already made."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rules.money_receipts import number_given
from rules.rule import Change, folding
from schemas.papers.events import PaperMade, ReceiptIssued, ReceiptVoidAsked, ReceiptVoided
from schemas.papers.state import MoneyReceipt, OfficialPaper, OfficialPapers, PaperKind, VoidRequest
from schemas.stream.ledger import About


def is_made(made: Iterable[OfficialPaper], paper: PaperKind, about: About) -> bool:
    """Whether this paper about this event was made."""
    return any((one.paper, one.about) == (paper, about) for one in made)


def _issued(papers: OfficialPapers, event: ReceiptIssued, at: datetime) -> dict[str, Any]:
    number = (
        event.number if event.given is None else number_given(event.agency or papers.agency, event.series, event.given)
    )
    own = {"seq": papers.seq + 1, "at": at, "registered": number, "given": event.given is not None}
    return {"receipts": (*papers.receipts, MoneyReceipt(**dict(event) | own))}


def _void_asked(papers: OfficialPapers, event: ReceiptVoidAsked, _: datetime) -> dict[str, Any]:
    asked = VoidRequest(officer=event.officer, again=event.again, reason=event.reason)
    return {"receipts": _with(papers, event.registered, {"void_asked": asked})}


def _voided(papers: OfficialPapers, event: ReceiptVoided, at: datetime) -> dict[str, Any]:
    return {"receipts": _with(papers, event.registered, {"voided_at": at})}


def _with(papers: OfficialPapers, number: str, change: dict[str, Any]) -> tuple[MoneyReceipt, ...]:
    """The receipts, with this change in the receipt of this number."""
    return tuple(one.model_copy(update=change) if one.registered == number else one for one in papers.receipts)


CHANGES: Final[Mapping[type[Any], Change[OfficialPapers]]] = {
    PaperMade: lambda papers, event, at: {"made": (*papers.made, OfficialPaper(**dict(event), at=at))},
    ReceiptIssued: _issued,
    ReceiptVoidAsked: _void_asked,
    ReceiptVoided: _voided,
}
evolve = folding(CHANGES)
