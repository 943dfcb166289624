"""The descriptor of official papers as a kind of stream."""

from typing import Final

from rules.papers import fold, status
from rules.papers.commands import RULES
from rules.papers.evidence import evidence
from rules.stream_kind import Numbering, StreamKind
from schemas.papers.events import PapersEvent
from schemas.papers.state import OfficialPapers
from schemas.translate import said

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
    standing=status.standing,
    receipts=status.receipts,
    evidence_of=evidence,
    numberings={"receipt_phi": Numbering("%Y", "BP"), "receipt_le_phi": Numbering("%Y", "BL")},
    title=said("many.papers"),
)
