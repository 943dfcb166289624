"""What a command makes happen to a result."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.result.fold import in_the_making
from rules.result.guards import guard
from schemas import result as rs
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.result import Result, SigningPlace

Events = tuple[rs.ResultEvent, ...]


def decide(result: Result, command: cm.Command, now: datetime) -> Events:
    """What `command` makes happen to a result. Raises `RefusalError`."""
    if isinstance(command, cm.SystemCommand):
        return _by_itself(result, command)
    if (why := guard(result, command.kind, command.actor, now)) is not None:
        raise _refuse(why)
    match command:
        case rs.DeclineSignature(reason=reason):
            return _declined(result, reason)
        case rs.SignAgain():
            return (_again(result, command),)
        case rs.RevokeResult():
            return (_revoked(result, command),)
        case rs.CorrectResult():
            return (_correction(result, command),)
        case rs.RenewResult():
            return (_renewed(result, command),)
    raise TypeError(command.kind)


def _by_itself(result: Result, command: cm.SystemCommand) -> Events:
    match command:
        case rs.EnterResult() if result.seq == 0:
            return (_entered(command),)
        case rs.RecordMade() if _unmade(result):
            return _made(result, command)
        case rs.RecordSigned(place=place) if _asked(result) is place:
            return _signed(result, command)
        case rs.RecordDeclined(place=place) if _asked(result) is place:
            return _declined(result, None)
        case cm.ReportFailing() if _unmade(result) and result.machine_failing is None:
            return (ev.MachineWorkFailing(work=command.work, tries=command.tries, error=command.error),)
        case cm.ReportAnswered() if result.machine_failing is command.work:
            return (ev.MachineWorkAnswered(work=command.work),)
        case _:
            raise _refuse(problem("", "wrong_state", says="result_goes_on"))


def _refuse(*problems: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, *problems)


def _unmade(result: Result) -> bool:
    return in_the_making(result) and result.last.result is None


def _asked(result: Result) -> SigningPlace | None:
    return result.awaited.place if result.awaited else None


def _entered(command: rs.EnterResult) -> rs.ResultEntered:
    order, adopted = command.order, command.adopted
    begun = {"n": command.n, "decided": order.decided, "outcome": order.outcome, "order": order}
    if adopted is None:
        return rs.ResultEntered.model_validate(begun | {"signers": command.signers})
    issued = {name: getattr(adopted, name) for name in ("result", "issued_at", "expires_on", "copies")}
    return rs.ResultEntered.model_validate(begun | issued | {"adopted": adopted.number})


def _made(result: Result, command: rs.RecordMade) -> Events:
    made = rs.ResultMade(result=command.result, expires_on=command.expires_on, copies=command.copies)
    if result.signers:
        return (made, _request(result, 0))
    entry = {"result": command.result, "expires_on": command.expires_on, "copies": command.copies or 1}
    return (made, *_released(result, result.last.model_copy(update=entry)))


def _signed(result: Result, command: rs.RecordSigned) -> Events:
    signer = known(result.awaited)
    signed = rs.ResultSigned(place=signer.place, officer=signer.officer, result=command.result)
    if result.signed + 1 < len(result.signers):
        return (signed, _request(result, result.signed + 1))
    return (signed, *_released(result, result.last.model_copy(update={"result": command.result})))


def _request(result: Result, place: int) -> rs.SignatureRequested:
    signer = result.signers[place]
    return rs.SignatureRequested(place=signer.place, officer=signer.officer, role=signer.role)


def _released(result: Result, entry: rs.ResultEntry) -> Events:
    """It is in force; one that it corrects no more, unless that was revoked meanwhile."""
    registered = known(entry.registered)
    released = rs.ResultReleased(
        n=result.n,
        registered=registered,
        result=known(entry.result),
        expires_on=entry.expires_on,
        copies=entry.copies,
    )
    before = result.in_force
    if before is None:
        return (released,)
    return (rs.ResultReplaced(registered=known(before.registered), by=registered), released)


def _declined(result: Result, reason: str | None) -> Events:
    signer = known(result.awaited)
    refusal = rs.SignatureDeclined(place=signer.place, officer=signer.officer, reason=reason)
    return (refusal, rs.NumberVoided(registered=known(result.last.registered)))


def _again(result: Result, command: rs.SignAgain) -> rs.ResultEntered:
    signers = command.signers if isinstance(command, rs.SignAgainBy) else result.signers
    said = {"corrects": result.last.corrects, "brought": result.last.brought}
    return rs.ResultEntered.model_validate({"n": result.n, "officer": command.actor.subject, "signers": signers} | said)


def _correction(result: Result, command: rs.CorrectResult) -> rs.ResultEntered:
    return rs.ResultEntered(
        n=result.n,
        corrects=known(result.in_force).registered,
        officer=command.actor.subject,
        brought=command.result,
        signers=command.signers if isinstance(command, rs.CorrectResultBy) else (),
        reason=command.reason,
        legal_basis=command.legal_basis,
    )


def _revoked(result: Result, command: rs.RevokeResult) -> rs.ResultRevoked:
    return rs.ResultRevoked(
        registered=known(known(result.in_force).registered),
        officer=command.actor.subject,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )


def _renewed(result: Result, command: rs.RenewResult) -> rs.ResultRenewed:
    issued = (entry.registered for entry in result.entries if entry.issued_at is not None)
    if command.registered not in issued:
        raise _refuse(problem("registered", "no_such_result"))
    return rs.ResultRenewed(registered=command.registered, result=command.result)
