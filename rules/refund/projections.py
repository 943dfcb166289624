"""What is shown of a refund: where it stands, whose task it is; and what bears it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules.evidence import Entry, Evidence
from rules.known import known
from rules.refund.claims import payment_of, without_provider
from rules.refund.fold import gone_twice, in_dispute, in_state, is_open, total
from schemas import refund as rf
from schemas.filing.state import ChargeBackFact
from schemas.ids import StreamId, filing_workflow
from schemas.level import Channel
from schemas.payment import CaptureAccepted, GivenBack
from schemas.people import Role
from schemas.publishing.fee import RefundCase
from schemas.refund import CaseState, Refund
from schemas.stream.rows import Rows, Standing, TaskRow


def standing(refund: Refund) -> Standing:
    """Where a refund stands."""
    heard_as = ("fee_charged_back",) if refund.asked_again else ()
    return Standing(n=refund.n, open=is_open(refund), heard_as=heard_as)


def rows(refund: Refund) -> Rows:
    """Whose task it is."""
    return Rows(tasks=tuple(_tasks(refund)))


def _tasks(refund: Refund) -> Iterator[TaskRow]:
    if refund.undecided is not None:
        yield _task(refund, "decide_refund", Role.LEADER, "decide_refund")
    if refund.unanswered:
        name = "charge_back" if refund.charged_back else "given_back_too_early"
        yield _task(refund, name, Role.LEADER, "answer_charge_back")
    if in_dispute(refund):
        yield from _disputed(refund)
    for entry in in_state(refund, CaseState.OPEN):
        yield _task(refund, f"approve_refund:{entry.case}", Role.LEADER, "approve_refund", "decline_refund")
    for entry in in_state(refund, CaseState.LEFT_TO_HAND):
        yield _task(refund, f"give_back_by_hand:{entry.case}", Role.CASHIER, "give_back_by_hand")


def _disputed(refund: Refund) -> Iterator[TaskRow]:
    """Somebody asks to take it for the whole fee or to give it back; then a leader agrees, or has it given back."""
    if refund.accepted_by:
        yield _task(refund, "short_payment", Role.LEADER, "approve_short_payment", "request_refund")
        return
    for role in (Role.CASHIER, Role.LEADER):
        yield _task(refund, "short_payment", role, "accept_short_payment", "request_refund")


def _task(refund: Refund, name: str, role: Role, *actions: str) -> TaskRow:
    return TaskRow(name=name, agency=refund.agency, role=role, actions=actions, overdue=False)


def evidence(  # noqa: PLR0911 -- one line for each event
    stream: StreamId, event: rf.RefundEvent
) -> Evidence | None:
    """What must have been recorded: the capture, that nobody owes it, or how the filing ended whose fee it is."""
    payment = str(payment_of(stream))
    match event:
        case rf.RefundBegun(payment=n, amount=amount) if without_provider(stream.n):
            paid = {"n": n, "amount": amount}
            filing = filing_workflow(stream.filing)
            ways = (Channel.COUNTER.value, Channel.POST.value)
            return tuple((Entry(("fee_paid",), paid | {"channel": way}, filing),) for way in ways)
        case rf.RefundBegun(capture_id=capture_id, amount=amount):
            return ((Entry(("payment_captured",), {"capture_id": capture_id, "amount": amount}, payment),),)
        case rf.RefundOpened(cause=rf.RefundCause.EXCESS, capture_id=capture_id, asked=int(asked)):
            too_much = {"capture_id": capture_id, "owed": True, "asked": asked}
            return ((Entry(("payment_captured",), too_much, payment),),)
        case rf.RefundOpened(cause=cause, capture_id=capture_id) if cause in rf.UNOWED:
            unowed = Entry(("payment_captured",), {"capture_id": capture_id, "owed": False}, payment)
            return ((unowed,), (Entry(("payment_cancelled",), {}, payment),))
        case rf.RefundChargedBack(capture_id=capture_id):
            return ((Entry(("payment_charged_back",), {"capture_id": capture_id}, payment),),)
        case rf.RefundCalledOff():
            return ((Entry(("reopened",), {}, filing_workflow(stream.filing)),),)
        case rf.RefundDisputed(capture_id=capture_id, amount=amount):
            short = {"capture_id": capture_id, "owed": False, "amount": amount}
            return ((Entry(("payment_captured",), short, payment),),)
        case rf.RefundOpened(cause=rf.RefundCause.DIFFERENCE, payment=n):
            return ((Entry(("fee_reduced",), {"n": n}, filing_workflow(stream.filing)),),)
        case rf.RefundOpened(rule=RefundCase() as rule) | rf.RefundUndecided(rule=rule):
            kinds, fields = _ENDED[rule]
            return ((Entry(kinds, fields, filing_workflow(stream.filing)),),)
        case _:
            return None


_ENDED: Final[dict[RefundCase, tuple[tuple[str, ...], dict[str, str]]]] = {
    RefundCase.WITHDRAWN_BEFORE_ACCEPTANCE: (("withdrawn",), {}),
    RefundCase.WITHDRAWN_AFTERWARDS: (("withdrawn",), {}),
    RefundCase.REFUSED_AT_INTAKE: (("intake_refused",), {}),
    RefundCase.SUPPLEMENT_EXPIRED: (("supplement_expired",), {}),
    RefundCase.REFUSED: (("decided",), {"outcome": "refused"}),
    RefundCase.STOPPED: (("stopped",), {}),
    RefundCase.FEE_EXPIRED: (("fee_expired",), {}),
}


def view(refund: Refund) -> rf.RefundView:
    """What a refund shows."""
    capture = known(refund.capture)
    return rf.RefundView(
        filing_id=refund.filing_id,
        n=refund.n,
        payment=capture.payment,
        captured=capture.amount,
        given=total(refund, CaseState.GIVEN),
        charged_back=refund.charged_back or None,
        gone_twice=gone_twice(refund) or None,
        entries=refund.entries,
    )


def accepted(refund: Refund) -> CaptureAccepted | None:
    """That the capture is taken for the whole fee."""
    capture = known(refund.capture)
    if not refund.accepted:
        return None
    return CaptureAccepted(capture_id=capture.capture_id, forgone=capture.asked - capture.amount)


def asked_again(refund: Refund) -> tuple[ChargeBackFact, ...]:
    """What of the fee is asked for again: to be told to the filing."""
    fee = known(refund.capture).payment
    return tuple(
        ChargeBackFact(n=refund.n, fee=fee, amount=amount, again=again)
        for again, amount in enumerate(refund.asked_again, 1)
    )


def given_back(refund: Refund) -> tuple[GivenBack, ...]:
    """What of the capture went back, case by case: to be told to its payment, if it has one."""
    if without_provider(refund.n):
        return ()
    capture_id = known(refund.capture).capture_id
    given = in_state(refund, CaseState.GIVEN)
    return tuple(GivenBack(capture_id=capture_id, case=entry.case, amount=entry.amount) for entry in given)
