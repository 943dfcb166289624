"""What a command makes happen to a result."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.result.fold import unmade
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
        case rs.RecordMade() if unmade(result):
            return _made(result, command)
        case rs.RecordSigned() | rs.RecordDeclined() | rs.AskOther() if events := _of_who_is_asked(result, command):
            return events
        case cm.ReportFailing() if _waits(result) and result.machine_failing is None:
            return (ev.MachineWorkFailing(work=command.work, tries=command.tries, error=command.error),)
        case cm.ReportAnswered() if result.machine_failing is command.work:
            return (ev.MachineWorkAnswered(work=command.work),)
        case _:
            raise _refuse(problem("", "wrong_state", says="result_goes_on"))


def _of_who_is_asked(result: Result, command: cm.SystemCommand) -> Events:
    """Nothing if it is said of somebody else."""
    asked = _asked(result)
    match command:
        case rs.RecordSigned(place=place) if asked is place:
            return _signed(result, command)
        case rs.RecordDeclined(place=place) if asked is place:
            return _declined(result, None)
        case rs.AskOther(signer=signer) if asked is signer.place and signer != result.awaited:
            return (*_no_more_in_vain(result), _request(signer))
        case _:
            return ()


def _refuse(*problems: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, *problems)


def _waits(result: Result) -> bool:
    return unmade(result) or result.awaited is not None


def _no_more_in_vain(result: Result) -> tuple[ev.MachineWorkAnswered, ...]:
    return () if result.machine_failing is None else (ev.MachineWorkAnswered(work=result.machine_failing),)


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
        return (made, _request(_next(result, 0, command.asks)))
    entry = {"result": command.result, "expires_on": command.expires_on, "copies": command.copies or 1}
    return (made, *_released(result, result.last.model_copy(update=entry)))


def _signed(result: Result, command: rs.RecordSigned) -> Events:
    signer = known(result.awaited)
    said = signer.model_dump(include={"place", "officer", "acting_for"})
    signed = rs.ResultSigned(result=command.result, proof=command.proof, **said)
    done: Events = (*_no_more_in_vain(result), signed)
    if result.signed + 1 < len(result.signers):
        return (*done, _request(_next(result, result.signed + 1, command.asks)))
    return (*done, *_released(result, result.last.model_copy(update={"result": command.result})))


def _next(result: Result, n: int, now: rs.Signatory | None) -> rs.Signatory:
    """Who is asked: whom the directory names now for this place, else whom it named when the number was taken."""
    named = result.signers[n]
    return now if now is not None and now.place is named.place else named


def _request(signer: rs.Signatory) -> rs.SignatureRequested:
    return rs.SignatureRequested(**signer.model_dump())


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
