"""Payments for tests: a payment that gets commands."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from recovery.unbegun import ORDERS, of_payment
from rules.streams import PAYMENT
from schemas.filing.commands import Command
from schemas.limit import Limit
from schemas.payment import commands as cm
from schemas.payment.state import Capture, CaptureAccepted, GivenBack, Payment, PaymentStart, Through
from schemas.people import Actor, Role
from tests.unit.alive import Alive

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=7)
PAYER = Actor(subject="an", role=Role.APPLICANT)
FILING = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")


class PaymentStory(Alive):
    """A payment of `amount` đồng that gets commands; its payment request is open for `seconds`."""

    kind = PAYMENT

    def __init__(self, seconds: int | None = None, amount: int = 16_000) -> None:
        super().__init__(Payment(filing_id=FILING, n=1, agency="H01.12"))
        self.now = NOW
        start = PaymentStart(
            filing_id=FILING,
            n=1,
            agency="H01.12",
            amount=amount,
            description="x",
            limit=Limit.model_validate("5 working days"),
            since=NOW,
            calendar="vn@2026.1",
            due=DUE,
        )
        self.do(cm.RequestPayment, start=start, seconds=seconds)

    @property
    def payment(self) -> Payment:
        state: Payment = self.state
        return state

    def money(self, capture_id: str, amount: int = 16_000, attempt: int | None = None, *going: str) -> None:
        capture = Capture(capture_id=capture_id, amount=amount, at=NOW, attempt=attempt)
        self.do(cm.RecordCapture, capture=capture, going=going)

    def order(self, pay_url: str, attempt: int = 1) -> None:
        self.do(cm.RecordOrder, order_id="o1", pay_url=pay_url, attempt=attempt)

    def renew(self, provider: str = "vnpay", seconds: int | None = 900, actor: Actor = PAYER) -> None:
        self.do(cm.RenewThrough, actor, through=Through(provider=provider, seconds=seconds))

    def end(self, attempt: int) -> None:
        self.do(cm.ExpireRequest, attempt=attempt)

    def await_outcome(self, attempt: int = 1, days: int = 3) -> None:
        self.do(cm.AwaitOutcome, attempt=attempt, until=DUE + timedelta(days=days))

    def expire(self) -> None:
        self.do(cm.ExpirePayment)

    def cancel(self) -> None:
        self.do(cm.CancelPayment, reason="withdrawn")

    def refund(self, capture_id: str, amount: int = 16_000) -> None:
        case = len(self.payment.given_back) + 1
        self.do(cm.RecordRefund, given=GivenBack(capture_id=capture_id, case=case, amount=amount))

    def accept(self, capture_id: str, forgone: int, *going: str) -> None:
        self.do(cm.RecordAcceptance, accepted=CaptureAccepted(capture_id=capture_id, forgone=forgone), going=going)

    def charge_back(
        self,
        transaction: str,
        amount: int = 16_000,
        attempt: int | None = None,
        after: timedelta = timedelta(),
        *,
        by_number: Literal[True] | None = None,
    ) -> None:
        said = {"transaction": transaction, "amount": amount, "attempt": attempt, "by_number": by_number}
        self.do(cm.RecordChargeBack, back=said | {"at": NOW + after})

    def give(self, given: Command) -> Self:
        before, seq = {*of_payment(self.payment)}, len(self.log)
        super().give(given)
        if {*of_payment(self.payment)} - before:
            events = {type(one.event) for one in self.log[seq:]}
            assert {(event, "refund") for event in events} & {(order.event, order.kind) for order in ORDERS}, events
        return self


def payment_after(*story: str | tuple[Any, ...]) -> Payment:
    so_far = PaymentStory()
    for step in story:
        name, *values = (step,) if isinstance(step, str) else step
        getattr(so_far, name)(*values)
    return so_far.payment
