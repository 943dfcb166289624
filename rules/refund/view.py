"""The view of a refund."""

from rules.refund.fold import gone_twice, total
from rules.require import require
from schemas.refund.state import CaseState, Refund, RefundView


def view(refund: Refund) -> RefundView:
    """The visible fields of a refund."""
    capture = require(refund.capture)
    return RefundView(
        filing_id=refund.filing_id,
        n=refund.n,
        payment=capture.payment,
        captured=capture.amount,
        given=total(refund, CaseState.GIVEN),
        charged_back=refund.charged_back or None,
        gone_twice=gone_twice(refund) or None,
        entries=refund.entries,
    )
