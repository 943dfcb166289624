"""Payments for tests: a payment that takes commands."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from recovery.unbegun import ORDERS, of_payment
from rules.streams import PAYMENT
from schemas.filing.commands import Command
from schemas.limit import Limit
from schemas.payment.commands import (
    AwaitOutcome,
    CancelPayment,
    ExpirePayment,
    ExpireRequest,
    RecordAcceptance,
    RecordCapture,
    RecordChargeBack,
    RecordOrder,
    RecordRefund,
    RenewThrough,
    RequestPayment,
)
from schemas.payment.state import Capture, CaptureAccepted, ChargeBack, GivenBack, Payment, PaymentStart, Through
from schemas.people import SYSTEM, Actor, Role, Via
from schemas.stream.ledger import Recorded

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=7)
PAYER = Actor(subject="an", role=Role.APPLICANT)
FILING = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")


class Told:
    """A payment of 16 000 đồng that takes commands. A request lasts for so many `seconds`."""

    def __init__(self, seconds: int | None = None) -> None:
        self.now = NOW
        self.payment = Payment(filing_id=FILING, n=1, agency="H01.12")
        start = PaymentStart(
            filing_id=FILING,
            n=1,
            agency="H01.12",
            amount=16_000,
            description="x",
            limit=Limit.model_validate("5 working days"),
            since=NOW,
            calendar="vn@2026.1",
            due=DUE,
        )
        self._give(RequestPayment(command_id="request", start=start, seconds=seconds))

    def money(self, capture_id: str, amount: int = 16_000, attempt: int | None = None) -> None:
        capture = Capture(capture_id=capture_id, amount=amount, at=NOW, attempt=attempt)
        self._give(RecordCapture(command_id=f"capture:{capture_id}", capture=capture))

    def order(self, pay_url: str, attempt: int = 1) -> None:
        self._give(RecordOrder(command_id="order", order_id="o1", pay_url=pay_url, attempt=attempt))

    def renew(self, provider: str = "vnpay", seconds: int | None = 900, actor: Actor = PAYER) -> None:
        through = Through(provider=provider, seconds=seconds)
        said = {"command_id": "again", "actor": actor, "via": Via(principal="portal"), "through": through}
        self._give(RenewThrough.model_validate(said))

    def end(self, attempt: int) -> None:
        self._give(ExpireRequest(command_id=f"end:{attempt}", attempt=attempt))

    def await_outcome(self, attempt: int = 1, days: int = 3) -> None:
        until = DUE + timedelta(days=days)
        self._give(AwaitOutcome(command_id=f"await:{attempt}", attempt=attempt, until=until))

    def expire(self) -> None:
        self._give(ExpirePayment(command_id="expire"))

    def cancel(self) -> None:
        self._give(CancelPayment(command_id="cancel", reason="withdrawn"))

    def refund(self, capture_id: str, amount: int = 16_000) -> None:
        given = GivenBack(capture_id=capture_id, case=len(self.payment.given_back) + 1, amount=amount)
        self._give(RecordRefund(command_id=f"refund:{capture_id}:{given.case}", given=given))

    def accept(self, capture_id: str, forgone: int) -> None:
        accepted = CaptureAccepted(capture_id=capture_id, forgone=forgone)
        self._give(RecordAcceptance(command_id="accept:1", accepted=accepted))

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
        back = ChargeBack.model_validate(said | {"at": NOW + after})
        self._give(RecordChargeBack(command_id=f"charge_back:{transaction}", back=back))

    def _give(self, command: Command) -> None:
        for event in PAYMENT.decide(self.payment, command, self.now):
            recorded = Recorded(
                seq=self.payment.seq + 1, at=self.now, command_id=command.command_id, actor=SYSTEM, event=event
            )
            before, self.payment = self.payment, PAYMENT.evolve(self.payment, recorded)
            if {*of_payment(self.payment)} - {*of_payment(before)}:
                assert (type(event), "refund") in {(order.event, order.kind) for order in ORDERS}, event


def told(*story: str | tuple[Any, ...]) -> Payment:
    so_far = Told()
    for step in story:
        name, *values = (step,) if isinstance(step, str) else step
        getattr(so_far, name)(*values)
    return so_far.payment
