"""The change that each event makes to a filing's official papers, and a search among the papers that were made."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rules.money_receipts import number_given
from rules.rule import Change, folding
from schemas.papers.events import PaperMade, ReceiptIssued, ReceiptVoided
from schemas.papers.state import MoneyReceipt, OfficialPaper, OfficialPapers, PaperKind
from schemas.stream.ledger import About


def is_made(made: Iterable[OfficialPaper], paper: PaperKind, about: About) -> bool:
    """Whether this paper about this event was made."""
    return any((one.paper, one.about) == (paper, about) for one in made)


def _issued(papers: OfficialPapers, event: ReceiptIssued, at: datetime) -> dict[str, Any]:
    number = event.number if event.given is None else number_given(papers.agency, event.series, event.given)
    own = {"seq": papers.seq + 1, "at": at, "registered": number, "given": event.given is not None}
    return {"receipts": (*papers.receipts, MoneyReceipt(**dict(event) | own))}


def _voided(papers: OfficialPapers, event: ReceiptVoided, at: datetime) -> dict[str, Any]:
    void = {"voided_at": at}
    now = (one.model_copy(update=void) if one.registered == event.registered else one for one in papers.receipts)
    return {"receipts": tuple(now)}


CHANGES: Final[Mapping[type[Any], Change[OfficialPapers]]] = {
    PaperMade: lambda papers, event, at: {"made": (*papers.made, OfficialPaper(**dict(event), at=at))},
    ReceiptIssued: _issued,
    ReceiptVoided: _voided,
}
evolve = folding(CHANGES)
