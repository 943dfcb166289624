"""Tills: the cash that moves through a till, the roles that may count and close the till, and the till's last count."""

from typing import Any

from rules.officers import role_is
from schemas.errors import Problem, problem
from schemas.filing.events import FeePaid, PaymentMeans
from schemas.level import Channel
from schemas.money.till import CloseTill, Till, TillCount
from schemas.people import Actor, Role
from schemas.refund.events import RefundGivenByHand
from schemas.refund.state import RefundMeans


def may_handle(till: Till, actor: Actor) -> Problem | None:
    """Why the actor can't count or close the till; None for the till's cashier, and for a leader of its agency."""
    if (wrong := role_is(actor, Role.CASHIER, Role.LEADER)) is not None:
        return wrong
    if actor.agency != till.agency:
        return problem("actor.agency", "other_agency")
    if actor.role is Role.CASHIER and actor.subject != till.cashier:
        return problem("actor.subject", "not_your_till")
    return problem("till", "till_closed") if till.closing is not None else None


def last_count(till: Till, command: CloseTill) -> TillCount | Problem:
    """The count with which the till is closed; or the problem: cash moved after it, or an unexplained difference."""
    if not till.counts or till.counts[-1].movements != till.movements:
        return problem("till", "count_first")
    count = till.counts[-1]
    if count.counted != till.expected and command.reason is None:
        return problem("reason", "till_differs", difference=count.counted - till.expected)
    return count


def in_cash(event: Any) -> bool:
    """Whether an event moves cash at the counter. A fee payment that states no means of payment counts as cash."""
    match event:
        case FeePaid(channel=Channel.COUNTER, means=means):
            return means in {None, PaymentMeans.CASH}
        case RefundGivenByHand(means=means):
            return means is RefundMeans.CASH
        case _:
            return False
