"""The descriptor of official papers as a kind of stream."""

from typing import Any, Final

from rules.papers import fold
from rules.papers.commands import RULES
from rules.papers.evidence import evidence
from rules.stream_kind import Numbering, StreamKind
from schemas.papers.events import PapersEvent
from schemas.papers.state import MoneyReceipt, OfficialPapers
from schemas.stream.rows import ReceiptRow, Standing
from schemas.translate import said


def _receipts(papers: OfficialPapers) -> tuple[dict[str, Any], ...]:
    return tuple(_receipt(one) for one in papers.receipts)


def _receipt(one: MoneyReceipt) -> dict[str, Any]:
    named = one.model_dump(include={"series", "given", "fee", "amount", "voided_at", "replaces"})
    return ReceiptRow(number=one.registered, kind=one.of, issued_at=one.at, **named).model_dump(mode="json")


PAPERS: Final = StreamKind(
    name="papers",
    workflow="",
    state=OfficialPapers,
    events=PapersEvent,
    first="paper_made",
    or_first=("receipt_issued",),
    initial=lambda origin: OfficialPapers(filing_id=origin.stream.filing, agency=origin.agency),
    rules=RULES,
    evolve=fold.evolve,
    standing=lambda _: Standing(open=False),  # no workflow runs for official papers
    receipts=_receipts,
    evidence_of=evidence,
    numberings={"receipt_phi": Numbering("%Y", "BP"), "receipt_le_phi": Numbering("%Y", "BL")},
    title=said("many.papers"),
)
