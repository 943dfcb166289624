"""What a command makes happen to a refund."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.refund import anew, charge_backs, differences, disputes, fold
from rules.refund.guards import guard, in_whose_place, not_alone
from schemas import refund as rf
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing.commands import Command, SystemCommand
from schemas.refund import CaseState, Refund, RefundCause, RefundEntry

Events = tuple[rf.RefundEvent, ...]


def decide(refund: Refund, command: Command, now: datetime) -> Events:
    """What `command` makes happen to a refund. Raises `RefusalError`."""
    if isinstance(command, SystemCommand):
        return _by_itself(refund, command)
    acting_for = getattr(command, "acting_for", None)
    why = guard(refund, command.kind, command.actor, now) or in_whose_place(command.actor, acting_for)
    if why is not None:
        raise _refuse(why)
    return _by_people(refund, command)


def _by_people(  # noqa: PLR0911 -- one line for each command
    refund: Refund, command: Command
) -> Events:
    match command:
        case rf.RequestRefund():
            return (_requested(refund, command),)
        case rf.DecideRefund():
            return _decided(refund, command)
        case rf.ApproveRefund():
            return (_approved(refund, command),)
        case rf.DeclineRefund():
            return (_declined(refund, command),)
        case rf.GiveBackByHand():
            return (_given_by_hand(refund, command),)
        case rf.AcceptShortPayment():
            return (disputes.proposed(refund, command),)
        case rf.ApproveShortPayment():
            return (_accepted(refund, command),)
        case rf.AnswerChargeBack():
            return (charge_backs.answered(refund, command),)
    raise TypeError(command.kind)


def _by_itself(refund: Refund, command: SystemCommand) -> Events:
    match command:
        case rf.BeginRefund(capture=capture, apart=apart) if refund.seq == 0:
            return (rf.RefundBegun(**dict(capture), apart=apart),)
        case rf.OpenClaimed(claim=claim) if events := claimed(refund, claim):
            return events
        case rf.RecordAsked(case=case, n=n) if (entry := fold.to_give_first(refund, case)) and entry.requests == n - 1:
            return (rf.RefundAsked(case=case, n=n),)
        case rf.RecordGiven(case=case) if entry := fold.entry_of(refund, case, CaseState.APPROVED):
            given = {"case": case, "amount": entry.amount, "transaction": command.transaction}
            return (rf.RefundGiven(capture_id=known(refund.capture).capture_id, **given),)
        case rf.LeaveToHand(case=case, rule=rule) if fold.entry_of(refund, case, CaseState.APPROVED):
            return _left_to_hand(refund, rf.RefundLeftToHand(case=case, rule=rule))
        case _:
            raise _refuse(problem("", "wrong_state", says="refund_goes_on"))


def _refuse(*problems: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, *problems)


def claimed(refund: Refund, claim: rf.Claim) -> Events:
    """What the system opens by what the logs say: all that is left of what nobody owes, or parts of a fee.

    Those are what is more than was asked, what the fee became less, and then the procedure's share of the rest.
    """
    claim = claim.model_copy(update={"unowed": claim.unowed or refund.unowed})
    if claim.charged_back > refund.charged_back:
        gone = charge_backs.charged_back(refund, claim)
        return (gone, *claimed(fold.after(refund, gone), claim))
    if claim.unowed is not None:
        rest = fold.left(refund)
        return (_open(refund, rest, claim.unowed).model_copy(update={"ended": claim.ended}),) if rest else ()
    if claim.short:
        return disputes.disputed(refund)
    if (off := anew.called_off(refund, claim)) is not None:
        return (off, *claimed(fold.after(refund, off), claim))
    opened: Events = ()
    for part in (_too_much, _made_less, _by_rule):
        for event in part(refund, claim):
            opened, refund = (*opened, event), fold.after(refund, event)
    return opened


def _left_to_hand(refund: Refund, left: rf.RefundLeftToHand) -> Events:
    """What the provider does not give, nobody does if it was charged back meanwhile, or the filing has begun again."""
    refund = fold.after(refund, left)
    if (off := anew.called_off_by_now(refund)) is not None:
        return (left, off)
    gone = charge_backs.void_by_now(refund)
    return (left,) if gone is None else (left, gone)


def _too_much(refund: Refund, claim: rf.Claim) -> Events:
    """What is more than was asked, as far as it was not opened, and nothing else is to go back of it."""
    opened = fold.still_to_go(refund, RefundCause.EXCESS)
    amount = min(claim.excess - opened, fold.left(refund))
    asked = {"asked": known(refund.capture).asked}
    return (_open(refund, amount, RefundCause.EXCESS).model_copy(update=asked),) if amount > 0 else ()


def _made_less(refund: Refund, claim: rf.Claim) -> Events:
    """What a change of the dossier has made less, as far as it was not opened."""
    lines = differences.to_open(refund, claim)
    amount = sum(line.amount for line in lines)
    opened = _open(refund, amount, RefundCause.DIFFERENCE)
    return (opened.model_copy(update={"lines": lines, "ended": claim.ended}),) if lines else ()


def _by_rule(refund: Refund, claim: rf.Claim) -> Events:
    """The procedure's share of the fee that was paid."""
    if claim.rule is None or refund.ruled:
        return ()
    if claim.percent is None:
        return (rf.RefundUndecided(rule=claim.rule),)
    amount = anew.still_to_go(refund, differences.fee_by_now(refund, claim), claim.percent)
    if amount <= 0:
        return ()
    by_rule = {"rule": claim.rule, "percent": claim.percent, "ended": claim.ended}
    return (_open(refund, amount, RefundCause.RULE).model_copy(update=by_rule),)


def _open(refund: Refund, amount: int, cause: RefundCause) -> rf.RefundOpened:
    capture = known(refund.capture)
    said = {"payment": capture.payment, "capture_id": capture.capture_id, "amount": amount, "cause": cause}
    return rf.RefundOpened.model_validate({"case": len(refund.entries) + 1} | said)


def _requested(refund: Refund, command: rf.RequestRefund) -> rf.RefundOpened:
    most = fold.left(refund)
    by_line = sum(line.amount for line in command.lines)
    if command.lines and command.amount not in {None, by_line}:
        raise _refuse(problem("amount", "not_the_sum_of_lines", sum=by_line))
    amount = by_line or command.amount or most
    return _asked(refund, command, amount, RefundCause.REQUEST).model_copy(update={"lines": command.lines})


def _asked(
    refund: Refund, command: rf.RequestRefund | rf.DecideRefund, amount: int, cause: RefundCause
) -> rf.RefundOpened:
    most = fold.left(refund)
    if amount > most:
        raise _refuse(problem("amount", "more_than_captured", most=most))
    who = {"officer": command.actor.subject, "acting_for": command.acting_for}
    why = {"reason": command.reason, "legal_basis": command.legal_basis}
    return _open(refund, amount, cause).model_copy(update=who | why)


def _decided(refund: Refund, command: rf.DecideRefund) -> Events:
    rule = known(refund.undecided)
    opened = _asked(refund, command, command.amount, RefundCause.RULE).model_copy(update={"rule": rule})
    decided = rf.RefundDecided(
        rule=rule,
        amount=command.amount,
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
    return (decided, opened) if command.amount else (decided,)


def _approved(refund: Refund, command: rf.ApproveRefund) -> rf.RefundApproved:
    entry = _case(refund, command, CaseState.OPEN)
    hands = _hands(refund, command, entry.asked_by)
    return rf.RefundApproved(case=entry.case, officer=hands[0], acting_for=command.acting_for, asked_by=entry.asked_by)


def _declined(refund: Refund, command: rf.DeclineRefund) -> rf.RefundDeclined:
    """What nobody owes goes back all the same: the next look asks for it."""
    entry = _case(refund, command, CaseState.OPEN)
    hands = _hands(refund, command, entry.asked_by)
    if entry.cause in rf.NOT_TO_DECLINE:
        raise _refuse(problem("case", "nobody_owes_it"))
    said = {"case": entry.case, "officer": hands[0], "acting_for": command.acting_for, "reason": command.reason}
    return rf.RefundDeclined.model_validate(said | {"asked_by": entry.asked_by})


def _accepted(refund: Refund, command: rf.ApproveShortPayment) -> rf.ShortfallAccepted:
    accepted = disputes.accepted(refund, command)
    if isinstance(accepted, Problem):
        raise _refuse(accepted)
    return accepted


def _given_by_hand(refund: Refund, command: rf.GiveBackByHand) -> rf.RefundGivenByHand:
    entry = _case(refund, command, CaseState.LEFT_TO_HAND)
    hands = _hands(refund, command, entry.approved_by)
    if (command.means is rf.RefundMeans.TRANSFER) is (command.bank_reference is None):
        raise _refuse(problem("bank_reference", "for_transfers_alone"))
    said = command.model_dump(include={"case", "acting_for", "means", "bank_reference"})
    return rf.RefundGivenByHand.model_validate(
        said
        | {
            "capture_id": known(refund.capture).capture_id,
            "amount": entry.amount,
            "officer": hands[0],
            "approved_by": entry.approved_by,
            "evidence": command.evidence,
        }
    )


def _case(
    refund: Refund, command: rf.ApproveRefund | rf.DeclineRefund | rf.GiveBackByHand, state: CaseState
) -> RefundEntry:
    entry = fold.entry_of(refund, command.case, state)
    if entry is None:
        raise _refuse(problem("case", "no_such_refund"))
    return entry


def _hands(
    refund: Refund, command: rf.ApproveRefund | rf.DeclineRefund | rf.GiveBackByHand, others: tuple[str, ...]
) -> tuple[str, ...]:
    """Who does it, and in whose place: none of the others."""
    hands = fold.names(command.actor.subject, command.acting_for)
    if (why := not_alone(refund, hands, others)) is not None:
        raise _refuse(why)
    return hands
