"""The rule of each command on a refund, including the commands on charge-backs and short payments.

A refund takes two officers of its agency, one of them a leader; neither may be on the applicant's side.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rules.officers import other_agency, role_is
from rules.refund import claims, fold
from rules.require import require
from rules.rule import SYSTEM, Effect, Rule, Rules, When, always, refuse
from schemas.errors import Problem, problem
from schemas.people import Actor, Role
from schemas.refund import commands as cm
from schemas.refund import events as ev
from schemas.refund import state as st
from schemas.refund.state import CaseState, ChargeBackOutcome, Claim, Refund, RefundCause, RefundEntry

Events = tuple[ev.RefundEvent, ...]

# Disputed money.


def charged_back(refund: Refund, claim: Claim) -> ev.RefundChargedBack:
    """The event of new charge-backs. A case requested from the provider stays: it may be paid at this moment."""
    capture = require(refund.capture)
    going = tuple(entry for entry in fold.in_state(refund, CaseState.APPROVED) if entry.requests)
    return ev.RefundChargedBack(
        capture_id=capture.capture_id,
        amount=claim.charged_back - refund.charged_back,
        owed=claim.unowed is None and not claim.short,
        void=_void(refund, capture.amount - claim.charged_back, going),
    )


def void_by_now(refund: Refund) -> ev.RefundChargedBack | None:
    """The event that voids agreed manual refunds if charge-backs leave too little money for them; None otherwise."""
    capture = require(refund.capture)
    with_the_provider = fold.in_state(refund, CaseState.APPROVED)
    void = _void(refund, capture.amount - refund.charged_back, with_the_provider) if refund.charged_back else ()
    nothing_more = {"capture_id": capture.capture_id, "amount": 0, "owed": False}
    return ev.RefundChargedBack.model_validate(nothing_more | {"void": void}) if void else None


def _void(refund: Refund, there: int, going: tuple[RefundEntry, ...]) -> tuple[int, ...]:
    """The cases to void, since the remaining money is too little for them.

    The remaining money is the sum `there`, less refunds that are paid or under way (`going`).
    """
    rest = there - fold.total(refund, CaseState.GIVEN) - sum(entry.amount for entry in going)
    waiting = tuple(entry for entry in fold.in_state(refund, CaseState.APPROVED) if entry not in going)
    agreed = fold.in_state(refund, CaseState.LEFT_TO_HAND) + waiting
    void: list[int] = []
    for entry in agreed + fold.in_state(refund, CaseState.OPEN):
        if entry.amount > rest:
            void.append(entry.case)
        else:
            rest -= entry.amount
    return tuple(void)


def answer(refund: Refund, command: cm.AnswerChargeBack, _: datetime) -> Events:
    """The event of a leader's answer to all unanswered charge-backs."""
    again = len(refund.asked_again) + 1 if command.outcome is ChargeBackOutcome.ASKED_AGAIN else None
    said = command.model_dump(include={"outcome", "acting_for", "reason", "legal_basis"})
    return (ev.ChargeBackAnswered(amount=refund.unanswered, again=again, officer=command.actor.subject, **said),)


def _lacking(refund: Refund, command: cm.AcceptShortPayment | cm.ApproveShortPayment) -> int:
    """The missing amount in đồng: the requested amount less all received money.

    While the workflow has not added the sum of the other captures, the missing amount is that of the proposal; for a
    new proposal, it is the requested amount less this capture.
    """
    capture = require(refund.capture)
    if isinstance(command, cm.AcceptWithOthers | cm.ApproveWithOthers):
        return capture.asked - capture.amount - command.beside
    return refund.forgone if isinstance(command, cm.ApproveShortPayment) else capture.asked - capture.amount


def disputed(refund: Refund) -> Events:
    """The event that lets officers decide about a short payment; none if the event is recorded already."""
    capture = require(refund.capture)
    said = ev.RefundDisputed(capture_id=capture.capture_id, amount=capture.amount, asked=capture.asked)
    return () if refund.disputed else (said,)


def propose(refund: Refund, command: cm.AcceptShortPayment, _: datetime) -> Events:
    """The event of a proposal to accept a short payment as the whole fee. A new proposal replaces the one before it."""
    said = command.model_dump(include={"acting_for", "reason", "legal_basis"})
    return (ev.ShortfallProposed(forgone=_lacking(refund, command), officer=command.actor.subject, **said),)


def accept(refund: Refund, command: cm.ApproveShortPayment, _: datetime) -> Events:
    """The event when a second officer approves a short payment as the whole fee.

    Raises `RefusalError` if the proposer approves it, or if more is missing by now than was proposed.
    """
    officer = _hands(refund, command, refund.accepted_by)[0]
    forgone = _lacking(refund, command)
    if forgone > refund.forgone:
        raise refuse(problem("", "nobody_accepts_it"))
    money = require(refund.capture).model_dump(include={"capture_id", "amount"}) | {"forgone": forgone}
    who = {"officer": officer, "acting_for": command.acting_for, "asked_by": refund.accepted_by}
    return (ev.ShortfallAccepted(**money | who),)


def _made_up(refund: Refund) -> ev.ShortfallMadeUp:
    """The event that ends the dispute about a short payment, since the payment is now part of the paid fee."""
    asked = (entry for entry in refund.entries if entry.cause is RefundCause.REQUEST and claims.nobody_gives(entry))
    capture_id = require(refund.capture).capture_id
    return ev.ShortfallMadeUp(capture_id=capture_id, void=tuple(entry.case for entry in asked))


# By the system.


def _begin(refund: Refund, command: cm.BeginRefund, _: datetime) -> Events:
    return (ev.RefundBegun(**dict(command.capture), apart=command.apart),) if refund.seq == 0 else ()


def _record_asked(refund: Refund, command: cm.RecordAsked, _: datetime) -> Events:
    entry = fold.to_give_first(refund, command.case)
    if entry is None or entry.requests != command.n - 1:
        return ()
    return (ev.RefundAsked(case=command.case, n=command.n),)


def _record_given(refund: Refund, command: cm.RecordGiven, _: datetime) -> Events:
    entry = fold.entry_of(refund, command.case, CaseState.APPROVED)
    if entry is None:
        return ()
    given = {"case": command.case, "amount": entry.amount, "transaction": command.transaction}
    return (ev.RefundGiven(capture_id=require(refund.capture).capture_id, **given),)


def _leave_to_hand(refund: Refund, command: cm.LeaveToHand, _: datetime) -> Events:
    """The events if the provider will not pay a case: officers pay it, unless a charge-back or a reopening voids it."""
    if fold.entry_of(refund, command.case, CaseState.APPROVED) is None:
        return ()
    left = ev.RefundLeftToHand(case=command.case, rule=command.rule)
    refund = fold.after(refund, left)
    if (off := claims.called_off_by_now(refund)) is not None:
        return (left, off)
    gone = void_by_now(refund)
    return (left,) if gone is None else (left, gone)


def claimed(refund: Refund, claim: Claim) -> Events:
    """The events that follow directly from the logs: money that is not owed is returned in full, a fee only in parts.

    The parts of a fee are, in this order: the excess, the reduction of the fee, the procedure's share of the rest.
    """
    claim = claim.model_copy(update={"unowed": claim.unowed or refund.unowed})
    if claim.charged_back > refund.charged_back:
        gone = charged_back(refund, claim)
        return (gone, *claimed(fold.after(refund, gone), claim))
    if claim.unowed is not None:
        rest = fold.left(refund)
        return (_open(refund, rest, claim.unowed).model_copy(update={"ended": claim.ended}),) if rest else ()
    if claim.short:
        return disputed(refund)
    if (over := _over(refund, claim)) is not None:
        return (over, *claimed(fold.after(refund, over), claim))
    opened: Events = ()
    for part in (_too_much, _made_less, _by_rule):
        for event in part(refund, claim):
            opened, refund = (*opened, event), fold.after(refund, event)
    return opened


def _over(refund: Refund, claim: Claim) -> ev.ShortfallMadeUp | ev.RefundCalledOff | None:
    """The event that ends the dispute about a short payment, or calls off refunds due to a former end; else None."""
    return _made_up(refund) if refund.disputed and not refund.accepted else claims.called_off(refund, claim)


def _too_much(refund: Refund, claim: Claim) -> Events:
    """The event that returns the excess, as far as money is left; none if a case covers the excess already."""
    opened = fold.still_to_go(refund, RefundCause.EXCESS)
    amount = min(claim.excess - opened, fold.left(refund))
    asked = {"asked": require(refund.capture).asked}
    return (_open(refund, amount, RefundCause.EXCESS).model_copy(update=asked),) if amount > 0 else ()


def _made_less(refund: Refund, claim: Claim) -> Events:
    """The event that returns the part of the fee's reduction that no case covers yet; none if there is no such part."""
    lines = claims.to_open(refund, claim)
    amount = sum(line.amount for line in lines)
    opened = _open(refund, amount, RefundCause.DIFFERENCE)
    less = {"lines": lines, "ended": claim.ended, "by_leader": claim.by_leader or None}
    return (opened.model_copy(update=less),) if lines else ()


def _by_rule(refund: Refund, claim: Claim) -> Events:
    """The event that returns the paid fee's share by the procedure's rule; without a rule, a leader must decide.

    The sums that officers have requested are subtracted. If such a request is declined, its sum is returned afterwards.
    """
    if claim.rule is None:
        return ()
    if claim.percent is None:
        return () if refund.ruled else (ev.RefundUndecided(rule=claim.rule),)
    amount = claims.still_to_go_by_rule(refund, claim)
    if amount <= 0:
        return ()
    by_rule = {"rule": claim.rule, "percent": claim.percent, "ended": claim.ended, "by_leader": claim.by_leader or None}
    return (_open(refund, amount, RefundCause.RULE).model_copy(update=by_rule),)


def _open(refund: Refund, amount: int, cause: RefundCause) -> ev.RefundOpened:
    capture = require(refund.capture)
    money = {"payment": capture.payment, "capture_id": capture.capture_id, "amount": amount}
    return ev.RefundOpened(case=len(refund.entries) + 1, cause=cause, **money)


# By people.


def _there_is(needed: Callable[[Refund], object], rule: str) -> When[Refund]:
    """Returns a condition that refuses a command if `needed(refund)` is empty or false; the problem names `rule`."""
    return lambda refund, _, __: None if needed(refund) else problem("", rule)


def _can_ask(refund: Refund, _: Actor, __: datetime) -> Problem | None:
    if not fold.left(refund):
        return problem("amount", "more_than_captured", most=0)
    return problem("", "too_many_refunds", most=st.MOST_CASES) if len(refund.entries) >= st.MOST_CASES else None


def _can_be_taken(refund: Refund, _: Actor, __: datetime) -> Problem | None:
    """Returns None if a short payment can be accepted as the whole fee; otherwise returns the problem.

    The short payment must be in dispute, and none of its money charged back, refunded or being refunded.
    """
    whole = fold.left(refund) == require(refund.capture).amount
    return None if fold.in_dispute(refund) and whole else problem("", "no_short_payment")


def _request(refund: Refund, command: cm.RequestRefund, _: datetime) -> Events:
    most = fold.left(refund)
    by_line = sum(line.amount for line in command.lines)
    if command.lines and command.amount not in {None, by_line}:
        raise refuse(problem("amount", "not_the_sum_of_lines", sum=by_line))
    amount = by_line or command.amount or most
    return (
        _requested_refund(refund, command, amount, RefundCause.REQUEST).model_copy(update={"lines": command.lines}),
    )


def _requested_refund(
    refund: Refund, command: cm.RequestRefund | cm.DecideRefund, amount: int, cause: RefundCause
) -> ev.RefundOpened:
    most = fold.left(refund)
    if amount > most:
        raise refuse(problem("amount", "more_than_captured", most=most))
    who = {"officer": command.actor.subject, "acting_for": command.acting_for}
    why = {"reason": command.reason, "legal_basis": command.legal_basis}
    by_leader = {"by_leader": command.actor.role is Role.LEADER or None}
    return _open(refund, amount, cause).model_copy(update=who | why | by_leader)


def _decide(refund: Refund, command: cm.DecideRefund, _: datetime) -> Events:
    rule = require(refund.undecided)
    opened = _requested_refund(refund, command, command.amount, RefundCause.RULE).model_copy(update={"rule": rule})
    said = command.model_dump(include={"amount", "acting_for", "reason", "legal_basis"})
    decided = ev.RefundDecided(rule=rule, officer=command.actor.subject, **said)
    return (decided, opened) if command.amount else (decided,)


def _approve(refund: Refund, command: cm.ApproveRefund, _: datetime) -> Events:
    entry = _to_agree(refund, command)
    officer = _hands(refund, command, entry.asked_by)[0]
    said = {"case": entry.case, "acting_for": command.acting_for, "asked_by": entry.asked_by}
    return (ev.RefundApproved(officer=officer, **said),)


def _decline(refund: Refund, command: cm.DeclineRefund, _: datetime) -> Events:
    """The event that declines a case. Money that is not owed can't be declined: it is returned in any case."""
    entry = _to_agree(refund, command)
    hands = _hands(refund, command, entry.asked_by)
    if entry.cause in st.NOT_TO_DECLINE:
        raise refuse(problem("case", "nobody_owes_it"))
    said = {"case": entry.case, "acting_for": command.acting_for, "reason": command.reason}
    return (ev.RefundDeclined(officer=hands[0], asked_by=entry.asked_by, **said),)


def _give_by_hand(refund: Refund, command: cm.GiveBackByHand, _: datetime) -> Events:
    entry = _case(refund, command, CaseState.LEFT_TO_HAND)
    hands = _hands(refund, command, entry.approved_by)
    if (command.means is st.RefundMeans.TRANSFER) is (command.bank_reference is None):
        raise refuse(problem("bank_reference", "for_transfers_alone"))
    said = command.model_dump(include={"case", "acting_for", "means", "bank_reference", "evidence"})
    given = {"amount": entry.amount, "officer": hands[0], "approved_by": entry.approved_by}
    return (ev.RefundGivenByHand(capture_id=require(refund.capture).capture_id, **said, **given),)


def _to_agree(refund: Refund, command: cm.ApproveRefund | cm.DeclineRefund) -> RefundEntry:
    """The open case that a command names. Raises `RefusalError`, also for a team lead if no leader has requested it."""
    entry = _case(refund, command, CaseState.OPEN)
    if (why := role_is(command.actor, *entry.agreeing)) is not None:
        raise refuse(why)
    return entry


def _case(
    refund: Refund, command: cm.ApproveRefund | cm.DeclineRefund | cm.GiveBackByHand, state: CaseState
) -> RefundEntry:
    entry = fold.entry_of(refund, command.case, state)
    if entry is None:
        raise refuse(problem("case", "no_such_refund"))
    return entry


def _hands(
    refund: Refund,
    command: cm.ApproveRefund | cm.DeclineRefund | cm.GiveBackByHand | cm.ApproveShortPayment,
    others: tuple[str, ...],
) -> tuple[str, ...]:
    """The acting officer, and the absent officer they act for, if any.

    Raises `RefusalError` if either of the two is among `others`, or on the applicant's side.
    """
    hands = fold.names(command.actor.subject, command.acting_for)
    if set(hands) & set(others):
        raise refuse(problem("actor.subject", "needs_another"))
    if set(hands) & set(refund.apart):
        raise refuse(problem("acting_for", "own_filing"))
    return hands


def _stranger(refund: Refund, actor: Actor, _: datetime) -> Problem | None:
    own = problem("actor.subject", "own_filing") if actor.subject in refund.apart else None
    return other_agency(actor, refund.agency) or own


_OPEN: Final = _there_is(lambda refund: fold.in_state(refund, CaseState.OPEN), "no_open_refund")
_TO_HAND: Final = _there_is(lambda refund: fold.in_state(refund, CaseState.LEFT_TO_HAND), "nothing_left_to_hand")
_UNDECIDED: Final = _there_is(lambda refund: refund.undecided, "nothing_to_decide")
_PROPOSED: Final = _there_is(lambda refund: refund.accepted_by, "nobody_accepts_it")
_UNANSWERED: Final = _there_is(lambda refund: refund.unanswered, "no_charge_back")


def _can_agree(refund: Refund, actor: Actor, now: datetime) -> Problem | None:
    """Permits a team lead only if a leader has requested a case: there may be no second leader to approve it."""
    roles = {role: None for entry in fold.in_state(refund, CaseState.OPEN) for role in entry.agreeing}
    return _OPEN(refund, actor, now) or role_is(actor, *roles)


def _can_be_approved(refund: Refund, actor: Actor, now: datetime) -> Problem | None:
    return _can_be_taken(refund, actor, now) or _PROPOSED(refund, actor, now)


def _in_their_place(effect: Effect[Refund]) -> Effect[Refund]:
    """Returns the effect, preceded by a check that refuses an officer who acts as their own substitute."""

    def decide(refund: Refund, command: cm.ApproveRefund, now: datetime) -> Events:
        if command.acting_for == command.actor.subject:
            raise refuse(problem("acting_for", "not_for_oneself", says="not_given.not_for_oneself"))
        return effect(refund, command, now)

    return decide


_CASHIER_OR_LEADER: Final = (Role.CASHIER, Role.LEADER)
_ASKING: Final = (Role.CASHIER, Role.SPECIALIST, Role.LEADER)
_LEADER: Final = (Role.LEADER,)
_AGREEING: Final = (Role.LEADER, Role.TEAM_LEAD)

RULES: Final[Rules[Refund]] = Rules(
    {
        "begin_refund": Rule(SYSTEM, always, _begin),
        "open_claimed": Rule(SYSTEM, always, lambda refund, command, _: claimed(refund, command.claim)),
        "record_asked": Rule(SYSTEM, always, _record_asked),
        "record_given": Rule(SYSTEM, always, _record_given),
        "leave_to_hand": Rule(SYSTEM, always, _leave_to_hand),
        "request_refund": Rule(_ASKING, _can_ask, _in_their_place(_request)),
        "decide_refund": Rule(_LEADER, _UNDECIDED, _in_their_place(_decide)),
        "approve_refund": Rule(_AGREEING, _can_agree, _in_their_place(_approve)),
        "decline_refund": Rule(_AGREEING, _can_agree, _in_their_place(_decline)),
        "give_back_by_hand": Rule((Role.CASHIER,), _TO_HAND, _in_their_place(_give_by_hand)),
        "accept_short_payment": Rule(_CASHIER_OR_LEADER, _can_be_taken, _in_their_place(propose)),
        "approve_short_payment": Rule(_LEADER, _can_be_approved, _in_their_place(accept)),
        "answer_charge_back": Rule(_LEADER, _UNANSWERED, _in_their_place(answer)),
    },
    not_now=problem("", "wrong_state", says="refund_goes_on"),
    stranger=_stranger,
)
