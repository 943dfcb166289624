"""The fee: waived, paid at the counter, paid online."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.filing.commands.permission import at_stage, system_at
from rules.filing.commands.rule import Events, Rule, refuse
from rules.officers import role_is
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, FeeSettlement
from schemas.filing.state import Fee, Filing, Stage
from schemas.level import Channel
from schemas.people import Actor, Role


def _may_waive_fee(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    rule = filing.procedure.fee
    waivers = () if rule is None else rule.waivers
    if not waivers:
        return problem("", "no_waivers")
    wrong = role_is(actor, *sorted({waiver.approver for waiver in waivers})) or at_stage(filing, Stage.FEE)
    if wrong is None and filing.waiver is not None:
        return problem("", "waived_already")
    return wrong


def _waive_fee(filing: Filing, command: cm.WaiveFee, _: datetime) -> Events:
    fee, rule = filing.fee, filing.procedure.fee
    waivers = {waiver.code: waiver for waiver in rule.waivers} if rule else {}
    granted = {code: waiver for code, waiver in waivers.items() if waiver.approver is command.actor.role}
    if fee is None or command.waiver not in granted:
        names = ", ".join(sorted(granted))
        why = problem("waiver", "unknown_waiver", names=names)
        raise refuse(why)
    return (
        ev.FeeWaived(
            n=fee.n,
            waiver=command.waiver,
            percent=granted[command.waiver].percent,
            officer=command.actor.subject,
            reason=command.reason,
        ),
    )


def _may_pay_at_counter(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return role_is(actor, Role.CASHIER) or at_stage(filing, Stage.FEE)


def _pay_at_counter(filing: Filing, command: cm.PayAtCounter, _: datetime) -> Events:
    fee = filing.fee
    if fee is None or command.amount != fee.amount:
        amount = fee.amount if fee else 0
        why = problem("amount", "amount_differs", amount=amount)
        raise refuse(why)
    return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.COUNTER),)


def _settle_fee(filing: Filing, command: cm.SettleFee, _: datetime) -> Events:
    fee = filing.fee
    paid = command.settlement is FeeSettlement.PAID
    online = fee is not None and fee.n == command.n and fee.channel is Channel.ONLINE
    if fee is None or not online or (paid and command.amount != fee.amount):
        why = problem("n", "no_such_fee")
        raise refuse(why)
    if paid:
        return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.ONLINE),)
    return fee_lapsed(filing, fee)


def fee_lapsed(filing: Filing, fee: Fee) -> Events:
    """A fee that was not paid in time: the filing ends, but a result that is there stays there, and is kept."""
    if filing.result is None:
        return (ev.FeeExpired(n=fee.n),)
    clock, kept = filing.clocks[Clock.PAYMENT], ev.ResultUnclaimed(n=fee.n)
    return (kept,) if clock.overdue else (ev.Overdue(clock=Clock.PAYMENT, due=clock.due), kept)


RULES: Final[dict[str, Rule]] = {
    "waive_fee": Rule(_may_waive_fee, _waive_fee),
    "pay_at_counter": Rule(_may_pay_at_counter, _pay_at_counter),
    "settle_fee": Rule(system_at(Stage.FEE), _settle_fee),
}
