"""The life of a request for money. Late, double or unasked money is always recorded, and what is not owed goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rules.deadlines import due_on
from rules.evidence import Entry, Evidence
from rules.known import known
from schemas import payment as pay
from schemas.errors import RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.ids import StreamId, fee_key, filing_workflow, reference_of
from schemas.payment import Payment, PaymentState
from schemas.stream.ledger import Recorded
from schemas.stream.rows import PaymentRow, Rows, Standing

_ENDED = {"payment_expired": PaymentState.EXPIRED, "payment_cancelled": PaymentState.CANCELLED}


def decide(  # noqa: PLR0911 -- one line for each command
    payment: Payment, command: Command, _: datetime
) -> tuple[pay.PaymentEvent, ...]:
    """What `command` makes happen to a payment. Raises `RefusalError`."""
    match command:
        case pay.RequestPayment(start=start):
            return (
                pay.PaymentRequested(
                    n=start.n,
                    provider=start.provider or pay.DEFAULT_PROVIDER,
                    amount=start.amount,
                    limit=start.limit,
                    since=start.since,
                    calendar=start.calendar,
                    due=start.due,
                    description=start.description,
                    watch_seconds=start.watch_seconds,
                    payer_account=start.payer_account,
                ),
            )
        case pay.RecordOrder() if payment.state is PaymentState.PENDING and not payment.ordered:
            return (pay.PaymentOrdered(order_id=command.order_id, pay_url=command.pay_url, code=command.code),)
        case pay.RecordCapture(capture=capture) if capture.capture_id not in _known(payment):
            return (
                pay.PaymentCaptured(
                    capture_id=capture.capture_id,
                    amount=capture.amount,
                    captured_at=capture.at,
                    owed=payment.state is PaymentState.PENDING and capture.amount == payment.amount,
                ),
            )
        case pay.ExpirePayment() if payment.state is PaymentState.PENDING:
            return (pay.PaymentExpired(),)
        case pay.CancelPayment(reason=reason) if payment.state in {PaymentState.PENDING, PaymentState.PAID}:
            return (pay.PaymentCancelled(reason=reason),)
        case pay.RecordRefund(given=given) if given not in payment.given_back and given.capture_id in _known(payment):
            return (pay.PaymentRefunded(capture_id=given.capture_id, amount=given.amount, case=given.case),)
        case ChangeCalendar(calendar=calendar) if calendar.name != payment.calendar:
            return (pay.PaymentCalendarChanged(calendar=calendar.name, due=due_on(payment, calendar)),)
        case _:
            why = problem("", "wrong_state", says="payment_has_ended")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def _known(payment: Payment) -> set[str]:
    return {capture.capture_id for capture in payment.captures}


_KEPT: Final = (
    "number",
    "provider",
    "amount",
    "limit",
    "since",
    "calendar",
    "due",
    "description",
    "watch_seconds",
    "payer_account",
)


def evolve(payment: Payment, recorded: Recorded) -> Payment:
    """The payment after one event."""
    return payment.model_copy(update=_change(payment, recorded) | {"seq": recorded.seq})


def _change(payment: Payment, recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pay.PaymentOrdered(pay_url=pay_url, code=code):
            return {"pay_url": pay_url, "code": code}
        case pay.PaymentCaptured() as event:
            capture = pay.Capture(capture_id=event.capture_id, amount=event.amount, at=event.captured_at)
            taken: dict[str, Any] = {"captures": (*payment.captures, capture)}
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return taken | (paid if event.owed else {})
        case pay.PaymentExpired() | pay.PaymentCancelled() as event:
            return {"state": _ENDED[event.kind], "owed_capture": None, "settled_at": recorded.at}
        case pay.PaymentCalendarChanged(calendar=calendar, due=due):
            return {"calendar": calendar, "due": due}
        case pay.PaymentRefunded() as event:
            return _given_back(payment, event)
        case _:
            msg = f"{recorded.event.kind} is no event of a payment"
            raise TypeError(msg)


def _given_back(payment: Payment, event: pay.PaymentRefunded) -> dict[str, Any]:
    """One of before there were cases was of the whole."""
    given = pay.GivenBack(capture_id=event.capture_id, amount=event.amount, case=event.case or 0)
    all_given = (*payment.given_back, given)
    went = sum(one.amount for one in all_given if one.capture_id == event.capture_id)
    whole = any(one.capture_id == event.capture_id and one.amount <= went for one in payment.captures)
    return {"given_back": all_given} | ({"refunded": (*payment.refunded, event.capture_id)} if whole else {})


_ENDING: Final = (
    "handed_over",
    "withdrawn",
    "stopped",
    "intake_refused",
    "supplement_expired",
    "fee_expired",
    "reopened",
)
"""What ends a filing, or begins it again: no fee that was asked for before is owed any longer."""


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What must have been recorded before money is asked for, is no longer owed, or went back."""
    filing = filing_workflow(stream.filing)
    match event:
        case pay.PaymentRequested(n=n, amount=amount):
            asked = {"amount": amount, "channel": "online", "n": n}
            return ((Entry(("fee_requested",), asked, filing),),)
        case pay.PaymentRefunded(capture_id=capture_id, amount=amount, case=case):
            given = {"capture_id": capture_id, "amount": amount} | ({} if case is None else {"case": case})
            return ((Entry(("refund_given", "refund_given_by_hand"), given),),)
        case pay.PaymentCancelled():
            fee = {"n": stream.n}
            return (
                (Entry(("fee_waived",), fee, filing),),
                (Entry(("fee_paid",), fee | {"channel": "counter"}, filing),),
                (Entry(("fee_requested",), {"n": stream.n + 1}, filing),),
                (
                    Entry(_ENDING, stream=filing, after=Entry(("fee_requested",), fee, filing)),
                    Entry(("fee_paid", "fee_waived"), fee, filing, absent=True),
                ),
            )
        case _:
            return None


_HEARD_AS: Final = ("fee_paid", "fee_expired", "result_unclaimed", "fee_waived")


def standing(payment: Payment) -> Standing:
    """Where a payment stands."""
    settled = payment.state in {PaymentState.PAID, PaymentState.EXPIRED}
    return Standing(
        n=payment.n,
        calendar=payment.calendar,
        open=payment.state is PaymentState.PENDING or bool(payment.to_refund),
        watched_until=payment.watched_until,
        heard_as=_HEARD_AS if settled else (),
    )


def rows(payment: Payment) -> Rows:
    """What the read models show of a payment."""
    row = PaymentRow(
        n=payment.n,
        number=payment.number,
        provider=payment.provider,
        reference=reference_of(fee_key(payment.filing_id, payment.n)),
        amount=payment.amount,
        state=payment.state,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        calendar=str(payment.calendar),
        due_at=known(payment.due),
        settled_at=payment.settled_at,
        watch_seconds=payment.watch_seconds,
        seq=payment.seq,
        requested_at=known(payment.requested_at),
    )
    return Rows(row=row.model_dump(mode="json"))


def view(payment: Payment) -> pay.PaymentView:
    """What a payment shows."""
    return pay.PaymentView(
        filing_id=payment.filing_id,
        n=payment.n,
        number=payment.number,
        provider=payment.provider,
        amount=payment.amount,
        state=payment.state,
        pay_url=payment.pay_url if payment.state is PaymentState.PENDING else None,
        code=payment.code if payment.state is PaymentState.PENDING else None,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
    )
