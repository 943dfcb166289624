"""The commands about money: a fee waived, paid or charged back; an obligation to another authority, paid online."""

from datetime import datetime
from typing import Final

from rules.filing.fees.assessment import asked_for, not_asked_again, not_granted
from rules.filing.permission import at, at_stage, undecided
from rules.officers import role_is
from rules.require import require
from rules.rule import ANYBODY, SYSTEM, Rule, always, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events, FeeSettlement, PaymentMeans
from schemas.filing.state import Fee, FeeState, Filing, Stage
from schemas.ids import fee_key, of_obligation, reference_of
from schemas.level import Channel
from schemas.people import Actor, Role
from schemas.publishing.fee import GoverningDay
from schemas.publishing.procedure_rules import FeePart, WaiverPart


def _may_waive_fee(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    alone = problem("actor.subject", "four_eyes", says="waiver_four_eyes")
    return _not_to_waive(filing, actor) or (alone if actor.subject == filing.accepted_by else None)


def _not_to_waive(filing: Filing, actor: Actor) -> Problem | None:
    wrong = _approves_waivers(filing, actor) or at_stage(filing, Stage.FEE)
    return wrong or (problem("", "waived_already") if filing.waiver else None)


def _approves_waivers(filing: Filing, actor: Actor) -> Problem | None:
    rule = filing.procedure.fee
    waivers = () if rule is None else rule.waivers
    if not waivers:
        return problem("", "no_waivers")
    return role_is(actor, *sorted({Role.LEADER, *(waiver.approver for waiver in waivers)}))


def _waive_fee(filing: Filing, command: cm.WaiveFee, now: datetime) -> Events:
    fee, rule, waiver = filing.fee, filing.procedure.fee, _of_this_role(filing, command)
    if fee is None or rule is None:
        raise refuse(problem("", "no_such_fee"))
    if (why := not_granted(filing, rule, waiver, now)) is not None:
        raise refuse(why)
    waived = {"n": fee.n, "waiver": waiver.code, "percent": waiver.percent, "accepted_by": filing.accepted_by}
    return (ev.FeeWaived(officer=command.actor.subject, reason=command.reason, **waived),)


def _approved_by(filing: Filing, actor: Actor) -> dict[str, WaiverPart]:
    """The waivers that the actor's role may approve. A leader may approve all: a desk may have only one officer."""
    rule = filing.procedure.fee
    return {one.code: one for one in (rule.waivers if rule else ()) if actor.role in {one.approver, Role.LEADER}}


def _of_this_role(filing: Filing, command: cm.WaiveFee | cm.DeclineWaiver) -> WaiverPart:
    """The waiver that a command names. Raises `RefusalError` if the actor's role may not approve it."""
    approved = _approved_by(filing, command.actor)
    if command.waiver not in approved:
        raise refuse(problem("waiver", "unknown_waiver", names=", ".join(sorted(approved))))
    return approved[command.waiver]


def _may_revoke_waiver(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _approves_waivers(filing, actor) or at_stage(filing, Stage.INTAKE, Stage.FEE, Stage.REVIEW)
    return wrong or undecided(filing) or (None if filing.waiver else problem("", "nothing_waived"))


def _revoke_waiver(filing: Filing, command: cm.RevokeWaiver, _: datetime) -> Events:
    waiver = require(filing.waiver).code
    return (ev.FeeWaiverRevoked(waiver=waiver, officer=command.actor.subject, reason=command.reason),)


def _may_decline_waiver(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    left = {*_approved_by(filing, actor)} - {*filing.waivers_declined}
    return _not_to_waive(filing, actor) or (None if left else problem("waiver", "waiver_declined_already"))


def _decline_waiver(filing: Filing, command: cm.DeclineWaiver, _: datetime) -> Events:
    waiver = _of_this_role(filing, command).code
    if waiver in filing.waivers_declined:
        raise refuse(problem("waiver", "waiver_declined_already"))
    return (ev.FeeWaiverDeclined(waiver=waiver, officer=command.actor.subject, reason=command.reason),)


def _pay_at_counter(filing: Filing, command: cm.PayAtCounter, now: datetime) -> Events:
    rule, fee = filing.procedure.fee, filing.fee
    if rule is None or fee is None:
        raise refuse(problem("", "no_such_fee"))
    _check_means(filing, rule, command)
    by_payment = rule.governed_by is GoverningDay.PAYMENT
    again = asked_for(filing, rule, Channel.COUNTER, now) if by_payment else None
    if again is not None and again.lines == fee.lines:  # only changed amounts are requested again
        again = None
    asked = fee if again is None else again
    if command.amount != asked.amount:
        raise refuse(problem("amount", "amount_differs", amount=asked.amount))
    by_post = command.means is PaymentMeans.POST
    channel, means = (Channel.POST, None) if by_post else (Channel.COUNTER, command.means)
    paid = ev.FeePaid(n=asked.n, amount=asked.amount, channel=channel, means=means, reference=command.reference)
    return (paid,) if again is None else (again, paid)


def _check_means(filing: Filing, rule: FeePart, command: cm.PayAtCounter) -> None:
    """Refuses a means of payment that is not accepted, and a reference that does not fit the means of payment."""
    in_cash = command.means in {None, PaymentMeans.CASH}
    if in_cash and not rule.cash:
        raise refuse(problem("means", "no_cash"))
    if command.means is PaymentMeans.POST and filing.channel is not Channel.POST:
        raise refuse(problem("means", "not_by_post"))
    if in_cash is (command.reference is not None):
        raise refuse(problem("reference", "no_reference" if in_cash else "reference_required"))


def _may_settle_fee(filing: Filing, _: Actor, __: datetime) -> Problem | None:
    """Refuses the report of a payment unless a fee is due, or an obligation that can be paid online."""
    owed = filing.obligation
    stages = (
        (Stage.FEE,)
        if owed is None or owed.n is None
        else (Stage.FEE, Stage.OBLIGATION, Stage.SUCCESSION, Stage.STAYED)
    )
    return at_stage(filing, *stages)


def _settle_fee(filing: Filing, command: cm.SettleFee, _: datetime) -> Events:
    if of_obligation(command.n):
        return _meet_obligation(filing, command)
    fee = _due_online(filing, command.n)
    paid = command.settlement is FeeSettlement.PAID
    if fee is None or (paid and command.amount + (command.forgone or 0) != fee.amount):
        raise refuse(problem("n", "no_such_fee"))
    if paid:
        came = {"amount": command.amount, "forgone": command.forgone}
        return (ev.FeePaid(n=fee.n, channel=Channel.ONLINE, **came),)
    return fee_lapsed(filing, fee)


def _due_online(filing: Filing, n: int) -> Fee | None:
    """The fee with the number `n`, if it is due online now; None if it is not."""
    fee = filing.fee
    due = fee is not None and (fee.n, fee.state, fee.channel) == (n, FeeState.DUE, Channel.ONLINE)
    return fee if due else None


def _meet_obligation(filing: Filing, command: cm.SettleFee) -> Events:
    """The event of a paid obligation. A late payment counts as well; only the clock records that it was late."""
    owed, paid = filing.obligation, command.settlement is FeeSettlement.PAID
    if owed is None or owed.n != command.n or not paid or command.amount + (command.forgone or 0) != owed.amount:
        raise refuse(problem("n", "no_such_fee"))
    reference = reference_of(fee_key(filing.filing_id, command.n))
    return (ev.ObligationFulfilled(step=owed.step, officer=command.actor.subject, reference=reference, n=command.n),)


def _ask_fee_again(filing: Filing, command: cm.AskFeeAgain, _: datetime) -> Events:
    if (why := not_asked_again(filing, command.fee)) is not None:
        raise refuse(why)
    return (ev.FeeChargedBack(n=command.n, fee=command.fee, amount=command.amount),)


def fee_lapsed(filing: Filing, fee: Fee) -> Events:
    """The events if a fee was not paid in time: the filing ends; but if the result is issued, the result is kept."""
    if filing.result is None:
        return (ev.FeeExpired(n=fee.n),)
    clock, kept = filing.clocks[Clock.PAYMENT], ev.ResultUnclaimed(n=fee.n)
    return (kept,) if clock.overdue else (ev.Overdue(clock=Clock.PAYMENT, due=clock.due), kept)


RULES: Final[dict[str, Rule[Filing]]] = {
    "waive_fee": Rule(ANYBODY, _may_waive_fee, _waive_fee),
    "revoke_waiver": Rule(ANYBODY, _may_revoke_waiver, _revoke_waiver),
    "decline_waiver": Rule(ANYBODY, _may_decline_waiver, _decline_waiver),
    "pay_at_counter": Rule((Role.CASHIER,), at(Stage.FEE), _pay_at_counter),
    "settle_fee": Rule(SYSTEM, _may_settle_fee, _settle_fee),
    "ask_fee_again": Rule(SYSTEM, always, _ask_fee_again),
}
