"""Money of a payment that goes back, and what its refunds say of it."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger.append import LEDGER
    from activities.refunds import PaymentOf, Refunds
    from rules.payment import fold
    from rules.refund.claims import number_of
    from schemas.payment.commands import RecordAcceptance, RecordRefund
    from schemas.payment.state import Capture, CaptureAccepted, GivenBack, PaymentState
    from workflows.children import begin_refund

from workflows.payment.known import KnownPayment, proxied


class Refunding:
    """Has refunds begun for what nobody owes, and hears of them."""

    def __init__(self, life: KnownPayment) -> None:
        self._life = proxied(life)

    @property
    def owed(self) -> tuple[Capture, ...]:
        """What nobody owes, is disputed while the fee is due, or was charged back, and whose refund did not hear it."""
        payment = self._life.payment
        claimed = (one for one in payment.captures if one in payment.to_refund or payment.taken_back(one))
        return tuple(one for one in claimed if self._told_of(one) not in self._life.memory.begun)

    def _told_of(self, capture: Capture) -> str:
        """What its refund hears: that it is short while the fee is due, that nobody owes it, what was charged back."""
        short = ":short" if self._life.payment.state is PaymentState.PENDING else ""
        charged = self._life.payment.taken_back(capture)
        return f"{capture.capture_id}{short}" + (f":{charged}" if charged else "")

    async def begin(self) -> None:
        """Have people agree that what nobody owes goes back, also what comes meanwhile. Who is told twice looks twice.

        Nothing may be waited for between the last of it and the next look: what comes then would be left until that.
        """
        while to_give_back := self.owed:
            capture = to_give_back[0]
            ordinal = self._life.taken.index(capture.capture_id) + 1
            about = self._told_of(capture)
            await begin_refund(self._life.payment.filing_id, number_of(self._life.payment.n, ordinal))
            self._life.remember(begun=(*self._life.memory.begun, about))

    async def catch_up(self) -> None:
        """Hear again what the refunds have said to the run before: what went back, what is taken for the whole fee."""
        if not self._life.payment.captures:
            return
        asked = PaymentOf(filing_id=self._life.payment.filing_id, n=self._life.payment.n)
        for given in await workflow.execute_local_activity_method(Refunds.given, asked, **LEDGER):
            await self._life.stream.attempt(self._refunded(given))
        if fold.lacking(self._life.payment):
            for accepted in await workflow.execute_local_activity_method(Refunds.accepted, asked, **LEDGER):
                await self._life.stream.attempt(self._accepted(accepted))

    async def gave_back(self, raw: Any) -> None:
        """Record what a refund says that it gave back. What is of no use is parked."""
        stream = await self._life.recorded()
        try:
            await stream.attempt(self._refunded(GivenBack.model_validate(raw)))
        except ValueError:
            await self._life.park("refunded", raw, "no refund of this payment")

    async def took_for_whole(self, raw: Any) -> None:
        """Record that less than was asked is taken for the whole fee, if that is due. What is of no use is parked."""
        stream = await self._life.recorded()
        try:
            await stream.attempt(self._accepted(CaptureAccepted.model_validate(raw)))
        except ValueError:
            await self._life.park("accepted", raw, "no money of this payment")

    def _accepted(self, accepted: CaptureAccepted) -> RecordAcceptance:
        """Raises `ValueError` if it is of no capture of this payment."""
        ordinal = self._life.taken.index(accepted.capture_id) + 1
        return RecordAcceptance(command_id=f"accept:{ordinal}", accepted=accepted)

    def _refunded(self, given: GivenBack) -> RecordRefund:
        """Raises `ValueError` if it is of no capture of this payment."""
        ordinal = self._life.taken.index(given.capture_id) + 1
        return RecordRefund(command_id=f"refund:{ordinal}:{given.case}", given=given)
