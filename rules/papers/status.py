"""The status of a filing's official papers, and their rows in the register of receipts. No workflow runs for them."""

from typing import Any

from schemas.papers.state import MoneyReceipt, OfficialPapers
from schemas.stream.rows import ReceiptRow, Standing


def standing(_: OfficialPapers) -> Standing:
    """Always closed, since no workflow runs for official papers."""
    return Standing(open=False)


def receipts(papers: OfficialPapers) -> tuple[dict[str, Any], ...]:
    """The stream's rows in the register of receipts."""
    return tuple(_row(one) for one in papers.receipts)


def _row(one: MoneyReceipt) -> dict[str, Any]:
    said = one.model_dump(include={"series", "given", "fee", "amount", "voided_at", "replaces"})
    return ReceiptRow(number=one.registered, kind=one.of, issued_at=one.at, **said).model_dump(mode="json")
