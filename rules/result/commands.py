"""The rule of each command on a result. An officer of another agency, or on the applicant's side, is refused."""

from datetime import datetime
from typing import Final

from rules.officers import other_hands
from rules.require import require
from rules.result.fold import declined, in_the_making, unmade
from rules.rule import SYSTEM, Rule, Rules, always, refuse
from schemas.errors import Problem, problem
from schemas.filing.commands import ReportAnswered, ReportFailing
from schemas.filing.events import MachineWorkAnswered, MachineWorkFailing
from schemas.people import OFFICERS, Actor, Role
from schemas.result import commands as cm
from schemas.result import events as ev
from schemas.result.state import MOST_ENTRIES, Result, ResultEntry, Signatory, SigningPlace

Events = tuple[ev.ResultEvent, ...]

# By the system.


def _record_declined(result: Result, command: cm.RecordDeclined, _: datetime) -> Events:
    return _declined(result, None) if _awaited_place(result) is command.place else ()


def _ask_other(result: Result, command: cm.AskOther, _: datetime) -> Events:
    signer = command.signer
    if _awaited_place(result) is not signer.place or signer == result.awaited:
        return ()
    return (*_no_more_in_vain(result), _request(signer))


def _report_failing(result: Result, command: ReportFailing, _: datetime) -> Events:
    waits = unmade(result) or result.awaited is not None
    if not waits or result.machine_failing is not None:
        return ()
    return (MachineWorkFailing(work=command.work, tries=command.tries, error=command.error),)


def _report_answered(result: Result, command: ReportAnswered, _: datetime) -> Events:
    return (MachineWorkAnswered(work=command.work),) if result.machine_failing is command.work else ()


def _no_more_in_vain(result: Result) -> tuple[MachineWorkAnswered, ...]:
    return () if result.machine_failing is None else (MachineWorkAnswered(work=result.machine_failing),)


def _awaited_place(result: Result) -> SigningPlace | None:
    return result.awaited.place if result.awaited else None


def _enter(result: Result, command: cm.EnterResult, _: datetime) -> Events:
    if result.seq:
        return ()
    order, adopted = command.order, command.adopted
    begun = {"n": command.n, "decided": order.decided, "outcome": order.outcome, "order": order}
    if adopted is None:
        return (ev.ResultEntered.model_validate(begun | {"signers": command.signers}),)
    issued = {name: getattr(adopted, name) for name in ("result", "issued_at", "expires_on", "copies")}
    return (ev.ResultEntered.model_validate(begun | issued | {"adopted": adopted.number}),)


def _name_signers(result: Result, command: cm.NameSigners, _: datetime) -> Events:
    return () if result.signers or not unmade(result) else (ev.SignersNamed(signers=command.signers),)


def _record_made(result: Result, command: cm.RecordMade, _: datetime) -> Events:
    if not unmade(result):
        return ()
    made = ev.ResultMade(result=command.result, expires_on=command.expires_on, copies=command.copies)
    if result.signers:
        return (made, _request(_next(result, 0, command.asks)))
    entry = {"result": command.result, "expires_on": command.expires_on, "copies": command.copies or 1}
    return (made, *_released(result, result.last.model_copy(update=entry)))


def _record_signed(result: Result, command: cm.RecordSigned, _: datetime) -> Events:
    if _awaited_place(result) is not command.place:
        return ()
    signer = require(result.awaited)
    said = signer.model_dump(include={"place", "officer", "acting_for"})
    signed = ev.ResultSigned(result=command.result, proof=command.proof, **said)
    done: Events = (*_no_more_in_vain(result), signed)
    if result.signed + 1 < len(result.signers):
        return (*done, _request(_next(result, result.signed + 1, command.asks)))
    return (*done, *_released(result, result.last.model_copy(update={"result": command.result})))


def _next(result: Result, n: int, now: Signatory | None) -> Signatory:
    """The signer at index `n`: `now` if its signing position is the same, else the signer named before."""
    named = result.signers[n]
    return now if now is not None and now.place is named.place else named


def _request(signer: Signatory) -> ev.SignatureRequested:
    return ev.SignatureRequested(**signer.model_dump())


def _released(result: Result, entry: ResultEntry) -> Events:
    """The events that put the result in force. The result that was in force until then, if any, is replaced."""
    registered = require(entry.registered)
    released = ev.ResultReleased(
        n=result.n,
        registered=registered,
        result=require(entry.result),
        expires_on=entry.expires_on,
        copies=entry.copies,
    )
    before = result.in_force
    if before is None:
        return (released,)
    return (ev.ResultReplaced(registered=require(before.registered), by=registered), released)


def _declined(result: Result, reason: str | None) -> Events:
    signer = require(result.awaited)
    number = require(result.last.registered)
    there = None if reason is not None else number
    refusal = ev.SignatureDeclined(place=signer.place, officer=signer.officer, reason=reason, registered=there)
    return (refusal, ev.NumberVoided(registered=number))


# By people.


def _asked_to_sign(result: Result, actor: Actor, _: datetime) -> Problem | None:
    awaited = result.awaited
    asked = awaited is not None and (awaited.officer, awaited.role) == (actor.subject, actor.role)
    return None if asked else problem("actor.subject", "not_asked_to_sign")


def _signable_again(result: Result, _: Actor, __: datetime) -> Problem | None:
    return _one_more(result) if declined(result) else problem("", "nobody_declined")


def _correctable(result: Result, _: Actor, __: datetime) -> Problem | None:
    if result.in_force is None:
        return _NOT_IN_FORCE
    return problem("", "corrected_already") if in_the_making(result) or declined(result) else _one_more(result)


def _one_more(result: Result) -> Problem | None:
    return problem("", "too_many_numbers", most=MOST_ENTRIES) if len(result.entries) >= MOST_ENTRIES else None


def _sign_again(result: Result, command: cm.SignAgain, _: datetime) -> Events:
    signers = command.signers if isinstance(command, cm.SignAgainBy) else result.signers
    said = {"corrects": result.last.corrects, "brought": result.last.brought}
    entered = {"n": result.n, "officer": command.actor.subject, "signers": signers}
    return (ev.ResultEntered.model_validate(entered | said),)


def _correct(result: Result, command: cm.CorrectResult, _: datetime) -> Events:
    signers = command.signers if isinstance(command, cm.CorrectResultBy) else ()
    said = {"brought": command.result, "reason": command.reason, "legal_basis": command.legal_basis}
    corrects, officer = require(result.in_force).registered, command.actor.subject
    return (ev.ResultEntered(n=result.n, corrects=corrects, officer=officer, signers=signers, **said),)


def _revoke(result: Result, command: cm.RevokeResult, _: datetime) -> Events:
    said = {"reason": command.reason, "legal_basis": command.legal_basis}
    registered = require(require(result.in_force).registered)
    return (ev.ResultRevoked(registered=registered, officer=command.actor.subject, **said),)


def _renew(result: Result, command: cm.RenewResult, _: datetime) -> Events:
    issued = (entry.registered for entry in result.entries if entry.issued_at is not None)
    if command.registered not in issued:
        raise refuse(problem("registered", "no_such_result"))
    return (ev.ResultRenewed(registered=command.registered, result=command.result),)


_NOT_IN_FORCE: Final = problem("", "result_not_in_force")
_ALL_OFFICERS: Final = tuple(role for role in Role if role in OFFICERS)
_LEADER_OR_CLERK: Final = (Role.LEADER, Role.CLERK)

RULES: Final[Rules[Result]] = Rules(
    {
        "enter_result": Rule(SYSTEM, always, _enter),
        "name_signers": Rule(SYSTEM, always, _name_signers),
        "record_made": Rule(SYSTEM, always, _record_made),
        "record_signed": Rule(SYSTEM, always, _record_signed),
        "record_declined": Rule(SYSTEM, always, _record_declined),
        "ask_other": Rule(SYSTEM, always, _ask_other),
        "report_failing": Rule(SYSTEM, always, _report_failing),
        "report_answered": Rule(SYSTEM, always, _report_answered),
        "decline_signature": Rule(
            _ALL_OFFICERS, _asked_to_sign, lambda result, command, _: _declined(result, command.reason)
        ),
        "sign_again": Rule((Role.LEADER,), _signable_again, _sign_again),
        "revoke_result": Rule(_LEADER_OR_CLERK, lambda result, *_: None if result.in_force else _NOT_IN_FORCE, _revoke),
        "correct_result": Rule(_LEADER_OR_CLERK, _correctable, _correct),
        "renew_result": Rule((Role.OPERATOR,), always, _renew),
    },
    not_now=problem("", "wrong_state", says="result_goes_on"),
    stranger=lambda result, actor, _: other_hands(result, actor, result.agency),
)
