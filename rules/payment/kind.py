"""The descriptor of payments: a payment's standing, row, waits, view, and message to the filing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from rules.payment.commands import RULES
from rules.payment.evidence import evidence, found_by
from rules.payment.fold import evolve, is_open
from rules.require import require
from rules.stream_kind import Numbering, StreamKind, Table, Telling, Wait, Waits, numbered
from schemas.filing.commands import SettleFee
from schemas.filing.events import FeeSettlement
from schemas.filing.state import FeeFact
from schemas.ids import BEGINNING, fee_key, of_obligation, reference_of
from schemas.payment import events
from schemas.payment.commands import PAYMENT_COMMANDS, RequestPayment
from schemas.payment.state import Attempt, Payment, PaymentStart, PaymentState, PaymentView
from schemas.stream.rows import PaymentRow, Rows, Standing
from schemas.stream.snapshots import PaymentMemory
from schemas.translate import said


def not_owed(n: int) -> str:
    """The text that states why the filing's payment numbered `n` is cancelled."""
    return f"the filing no longer owes this {'obligation' if of_obligation(n) else 'fee'}"


def tells(payment: Payment) -> bool:
    """Whether the payment reports its end to the filing: true if it is paid, or if it was for a fee and expired."""
    expired = payment.state is PaymentState.EXPIRED
    return payment.state is PaymentState.PAID or (expired and not of_obligation(payment.n))


def standing(payment: Payment) -> Standing:
    """The standing of a payment."""
    of_fee = ("fee_paid", "fee_expired", "result_unclaimed", "fee_waived")
    settled = ("obligation_fulfilled",) if of_obligation(payment.n) else of_fee
    return Standing(
        n=payment.n,
        calendar=payment.calendar,
        open=payment.state is PaymentState.PENDING or bool(payment.to_refund),
        watched_until=payment.watched_until,
        heard_as=settled if tells(payment) else (),
    )


def reference(payment: Payment, request: Attempt) -> str:
    """The reference of a request at its provider."""
    return reference_of(fee_key(payment.filing_id, payment.n, request.attempt))


def rows(payment: Payment) -> Rows:
    """The rows of a payment in the read models."""
    renewed = tuple(f"{request.provider}:{reference(payment, request)}" for request in payment.renewed)
    row = PaymentRow(
        n=payment.n,
        number=payment.number,
        provider=payment.provider,
        reference=reference_of(fee_key(payment.filing_id, payment.n)),
        amount=payment.amount,
        state=payment.state,
        captured=sum(one.amount for one in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        calendar=str(payment.calendar),
        due_at=require(payment.due),
        settled_at=payment.settled_at,
        watch_seconds=payment.watch_seconds,
        seq=payment.seq,
        requested_at=require(payment.requested_at),
        renewed=renewed or None,
        renewed_beginnings=tuple(one[: one.index(":") + 1 + BEGINNING] for one in renewed) or None,
    )
    return Rows(row=row.model_dump(mode="json"))


def _awaited(payment: Payment) -> Iterator[Wait]:
    """The wait for the outcome of a payment that was begun in time and may be reported after the due time."""
    if (until := _awaited_until(payment)) is not None:
        yield Wait(since=require(payment.due), until=until)


def _ahead(payment: Payment) -> Iterator[Wait]:
    """The waits for captures that were charged back before they were recorded, one for each charge-back."""
    return (Wait(since=one.at, dong=one.amount) for one in payment.ahead)


def view(payment: Payment) -> PaymentView:
    """The `PaymentView` of a payment."""
    newest = payment.attempts[-1]
    payable = is_open(payment, newest.attempt) and newest.awaited is None
    return PaymentView(
        filing_id=payment.filing_id,
        n=payment.n,
        number=payment.number,
        provider=newest.provider,
        amount=payment.amount,
        state=payment.state,
        pay_url=newest.pay_url if payable else None,
        code=newest.code if payable else None,
        captured=sum(one.amount for one in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        charged_back=sum(one.amount for one in payment.charged_back) or None,
        attempt=newest.attempt,
        expires=(newest.expires or payment.due) if payable else None,
        awaited_until=_awaited_until(payment),
    )


def _awaited_until(payment: Payment) -> datetime | None:
    """The latest time at which a pending payment may still be reported as paid; None if nothing is awaited."""
    if payment.state is not PaymentState.PENDING:
        return None
    return max((one.awaited for one in payment.attempts if one.awaited is not None), default=None)


def _captured(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    if body.get("owed") is not True:
        return None
    return {"n": n, "settlement": FeeSettlement.PAID, "amount": body.get("asked", body["amount"])}


def _accepted(n: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"n": n, "settlement": FeeSettlement.PAID, "amount": body["amount"], "forgone": body["forgone"]}


def _expired(n: int, _: dict[str, Any]) -> dict[str, Any] | None:
    return None if of_obligation(n) else {"n": n, "settlement": FeeSettlement.EXPIRED}


PAYMENT: Final = StreamKind(
    name="payment",
    workflow="Payment",
    state=Payment,
    events=events.PaymentEvent,
    first="payment_requested",
    initial=lambda origin: Payment(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=rows,
    start=PaymentStart,
    opening=lambda start: RequestPayment(command_id="request", start=start),
    commands=PAYMENT_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    numberings={"payment": Numbering("%Y%m%d", "P")},
    table=Table("payment"),
    memory=PaymentMemory,
    shown=frozenset(
        {
            events.PaymentRequested,
            events.PaymentOrdered,
            events.PaymentCaptured,
            events.PaymentExpired,
            events.PaymentCancelled,
            events.PaymentRefunded,
            events.PaymentAccepted,
            events.PaymentChargedBack,
            events.PaymentChargeBackAhead,
            events.PaymentRequestExpired,
            events.PaymentOutcomeAwaited,
            events.PaymentRenewed,
        }
    ),
    tells=(
        Telling(
            "fee_settled",
            FeeFact,
            lambda fact: SettleFee(command_id=f"fee:{fact.n}:{FeeSettlement(fact.settlement)}", **fact.model_dump()),
            {"payment_captured": _captured, "payment_accepted": _accepted, "payment_expired": _expired},
        ),
    ),
    waits=(
        Waits(_awaited, frozenset({events.PaymentOutcomeAwaited}), "doctor.outcomes.awaited"),
        Waits(_ahead, frozenset({events.PaymentChargeBackAhead}), "doctor.refunds.ahead", closed=True),
    ),
    title=said("many.payments"),
)
