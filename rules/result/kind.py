"""The descriptor of results: a result's tasks, waits, rows in the register, validity, and messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from rules.filing.projections import dossier
from rules.require import require
from rules.result.commands import RULES
from rules.result.evidence import evidence, found_by
from rules.result.fold import declined, evolve, in_the_making, is_open, issued_first, unmade
from rules.stream_kind import StreamKind, Telling, Wait, Waits, numbered
from rules.time.working_time import local_day
from schemas.backoffice import IssueRequest
from schemas.filing.commands import SettleResult
from schemas.filing.events import MachineWorkFailing
from schemas.filing.state import Filing
from schemas.people import Role
from schemas.result import events
from schemas.result import state as st
from schemas.result.commands import RESULT_COMMANDS
from schemas.result.state import Result, ResultEntry, ResultState, Validity
from schemas.stream.rows import RegisterRow, Rows, Standing, TaskRow
from schemas.stream.snapshots import ResultMemory
from schemas.translate import said


def standing(result: Result) -> Standing:
    """The standing of a result. The filing waits for the first signed result."""
    heard_as = ("result_issued",) if issued_first(result) else ()
    return Standing(n=result.n, open=is_open(result), heard_as=heard_as)


def _tasks(result: Result) -> Iterator[TaskRow]:
    if declined(result):
        yield _task(result, "sign_again", Role.LEADER, "sign_again")
    if (signer := result.awaited) is not None:
        whose = {"officer": signer.officer, "acting_for": signer.acting_for}
        yield _task(result, f"sign:{signer.place}", signer.role, "decline_signature", **whose)
    if _is_failing(result):
        yield _task(result, "machine:issue", Role.TEAM_LEAD)


def _is_failing(result: Result) -> bool:
    """Whether the result's file or a signature can't be obtained at present."""
    return in_the_making(result) and result.machine_failing is not None


def _unsigned(result: Result) -> Iterator[Wait]:
    if _is_failing(result) and (signer := result.awaited) is not None:
        yield Wait(since=result.failing_since, of=signer.officer, place=signer.place, why=result.error)


def _without_file(result: Result) -> Iterator[Wait]:
    if _is_failing(result) and result.awaited is None:
        yield Wait(since=result.failing_since, why=result.error)


def _declined(result: Result) -> Iterator[Wait]:
    """The wait for a leader to have a declined result signed again."""
    if declined(result):
        yield Wait(since=result.last.ended_at)


def _task(result: Result, name: str, role: Role, *actions: str, **whose: str | None) -> TaskRow:
    return TaskRow(name=name, agency=result.agency, role=role, actions=actions, overdue=False, **whose)


def results(result: Result) -> tuple[dict[str, Any], ...]:
    """The rows in the register of results.

    If the filing's stream issued the result, that stream writes the columns that are left out here.
    """
    found = [_row(result, entry) for entry in result.entries]
    if result.adopted:
        set_later = {"number", "n", "state", "ended_at", "replaced_by", "renewed"}
        found[0] = {name: value for name, value in found[0].items() if name in set_later}
    return tuple(found)


def _row(result: Result, entry: ResultEntry) -> dict[str, Any]:
    begun = result.order or result  # an erased result has no order
    row = RegisterRow(
        number=entry.registered,
        n=result.n,
        outcome=begun.outcome or "",
        sha256=entry.issued.sha256 if entry.issued else None,
        issued_at=entry.issued_at,
        expires_on=entry.expires_on,
        copies=entry.copies,
        state=entry.state,
        ended_at=entry.ended_at,
        corrects=entry.corrects,
        replaced_by=entry.replaced_by,
        renewed=entry.renewed,
    )
    return row.model_dump(mode="json")


def order_of(filing: Filing) -> st.ResultOrder:
    """The order to make the result of a decided filing, with the decision and the dossier."""
    decision = require(filing.decision)
    return st.ResultOrder(
        decided=decision.seq,
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
        dossier=dossier(filing),
        filed_by=require(filing.filed_by),
        by_template=filing.procedure.by_template,
    )


def make_request(result: Result) -> IssueRequest | None:
    """The request to the agency to make a result's file; None if the file exists, or if a command brought the file."""
    return None if not unmade(result) or result.last.brought is not None else request_of(result)


def request_of(result: Result) -> IssueRequest:
    """The request to make the file for the result's last number, by the back office or by the platform."""
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


_NOT_IN_FORCE: Final = {
    ResultState.MAKING: Validity.NOT_ISSUED,
    ResultState.VOIDED: Validity.VOIDED,
    ResultState.REVOKED: Validity.REVOKED,
    ResultState.REPLACED: Validity.REPLACED,
}


def standing_at(result: st.RegisteredResult, at: datetime) -> st.ResultStanding:
    """The state of a registered result as of this instant: its validity and its dates; later changes are ignored."""
    validity = _validity(result, at)
    ended = min((at for at in (result.ended_at, result.overtaken_at) if at is not None), default=None)
    over = ended is not None and ended <= at
    return st.ResultStanding(
        number=result.number,
        agency=result.agency,
        validity=validity,
        issued_at=result.issued_at,
        expires_on=result.expires_on,
        ended_at=ended if over else None,
        replaced_by=result.replaced_by if validity is Validity.REPLACED else None,
        as_of=at,
    )


def _validity(result: st.RegisteredResult, at: datetime) -> Validity:
    if result.issued_at is None or at < result.issued_at:
        return _NOT_IN_FORCE[result.state] if result.state is ResultState.VOIDED else Validity.NOT_ISSUED
    if result.ended_at is not None and result.ended_at <= at:
        return _NOT_IN_FORCE[result.state]
    if result.overtaken_at is not None and result.overtaken_at <= at:
        return Validity.OVERTAKEN
    expired = result.expires_on is not None and result.expires_on < local_day(at)
    return Validity.EXPIRED if expired else Validity.IN_FORCE


def record(result: Result) -> st.ResultRecord:
    """The value that the workflow of a result returns at its end."""
    return st.ResultRecord(filing_id=result.filing_id, n=result.n, entries=result.entries)


RESULT: Final = StreamKind(
    name="result",
    workflow="Result",
    state=Result,
    events=events.ResultEvent,
    first="result_entered",
    initial=lambda origin: Result(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=lambda result: Rows(tasks=tuple(_tasks(result))),
    results=results,
    start=st.ResultStart,
    commands=RESULT_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    memory=ResultMemory,
    shown=frozenset({events.ResultReleased, events.ResultReplaced, events.ResultRevoked}),
    tells=(
        Telling(
            "result_settled",
            st.ResultFact,
            lambda fact: SettleResult(command_id=f"result:{fact.n}", **dict(fact)),
            {"result_released": lambda n, body: body | {"n": n}},
        ),
    ),
    waits=(
        Waits(_unsigned, frozenset({MachineWorkFailing}), "doctor.signing.waiting"),
        Waits(_without_file, frozenset({MachineWorkFailing}), "doctor.signing.no_file"),
        Waits(_declined, frozenset({events.SignatureDeclined}), "doctor.signing.declined", usual=timedelta(days=1)),
    ),
    title=said("many.results"),
)
