"""The order that a filing gives for its result, and the request to the agency for its file."""

from rules.filing.dossier import dossier
from rules.require import require
from rules.result.fold import unmade
from schemas.backoffice import IssueRequest
from schemas.filing.state import Filing
from schemas.result.state import Result, ResultOrder


def order_of(filing: Filing) -> ResultOrder:
    """The order of a decided filing: its decision and its dossier."""
    decision = require(filing.decision)
    return ResultOrder(
        decided=decision.seq,
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
        dossier=dossier(filing),
        filed_by=require(filing.filed_by),
        by_template=filing.procedure.by_template,
    )


def make_request(result: Result) -> IssueRequest | None:
    """The request to the agency for a result's file; None if the file exists, or came with the command."""
    if not unmade(result) or result.last.brought is not None:
        return None
    order, entry = require(result.order), result.last
    return IssueRequest(
        request_id=f"result:{result.n}:{len(result.entries)}",
        dossier=order.dossier,
        outcome=order.outcome,
        officer=order.officer,
        reason=order.reason,
        number=entry.registered,
        corrects=entry.corrects,
    )
