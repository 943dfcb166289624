"""What a result is made for, as its filing tells it."""

from __future__ import annotations

from rules.filing.dossier import dossier
from rules.known import known
from schemas.filing.state import Filing
from schemas.result import ResultOrder


def order_of(filing: Filing) -> ResultOrder:
    """The decision of a filing that was decided, and its dossier."""
    decision = known(filing.decision)
    return ResultOrder(
        decided=decision.seq,
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
        dossier=dossier(filing),
        filed_by=known(filing.filed_by),
        by_template=filing.procedure.by_template,
    )
