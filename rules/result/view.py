"""A result for others: its order, the request for its file, its final record, its validity at a moment."""

from datetime import datetime
from typing import Final

from rules.filing.projections import dossier
from rules.require import require, shared
from rules.result.fold import unmade
from rules.time.working_time import local_day
from schemas.backoffice import IssueRequest
from schemas.filing.state import Filing
from schemas.result.state import (
    RegisteredResult,
    Result,
    ResultOrder,
    ResultRecord,
    ResultStanding,
    ResultState,
    Validity,
)


def order_of(filing: Filing) -> ResultOrder:
    """The order of a decided filing: its decision and its dossier."""
    decision = require(filing.decision)
    of_filing = {"dossier": dossier(filing), "filed_by": require(filing.filed_by)}
    by_template = filing.procedure.by_template
    return ResultOrder(decided=decision.seq, **shared(ResultOrder, decision), **of_filing, by_template=by_template)


def make_request(result: Result) -> IssueRequest | None:
    """The request to the agency for a result's file; None if the file exists, or came with the command."""
    if not unmade(result) or result.last.brought is not None:
        return None
    order, entry = require(result.order), result.last
    request_id, number = f"result:{result.n}:{len(result.entries)}", entry.registered
    said = shared(IssueRequest, order)
    return IssueRequest(request_id=request_id, **said, number=number, corrects=entry.corrects)


_NOT_IN_FORCE: Final = {
    ResultState.MAKING: Validity.NOT_ISSUED,
    ResultState.VOIDED: Validity.VOIDED,
    ResultState.REVOKED: Validity.REVOKED,
    ResultState.REPLACED: Validity.REPLACED,
}


def standing(result: RegisteredResult, at: datetime) -> ResultStanding:
    """The standing of a result as of this instant; later changes are ignored."""
    validity = _validity(result, at)
    ended = min((at for at in (result.ended_at, result.overtaken_at) if at is not None), default=None)
    over = ended is not None and ended <= at
    replaced_by = result.replaced_by if validity is Validity.REPLACED else None
    now = {"ended_at": ended if over else None, "replaced_by": replaced_by, "as_of": at}
    return ResultStanding(**shared(ResultStanding, result) | now, validity=validity)


def _validity(result: RegisteredResult, at: datetime) -> Validity:
    if result.issued_at is None or at < result.issued_at:
        return _NOT_IN_FORCE[result.state] if result.state is ResultState.VOIDED else Validity.NOT_ISSUED
    if result.ended_at is not None and result.ended_at <= at:
        return _NOT_IN_FORCE[result.state]
    if result.overtaken_at is not None and result.overtaken_at <= at:
        return Validity.OVERTAKEN
    expired = result.expires_on is not None and result.expires_on < local_day(at)
    return Validity.EXPIRED if expired else Validity.IN_FORCE


def record(result: Result) -> ResultRecord:
    """The record with which the workflow of a result ends."""
    return ResultRecord(**shared(ResultRecord, result))
