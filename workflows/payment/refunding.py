"""Refunds of a payment's money, and their reports."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger.append import LEDGER
    from activities.money.refunds import PaymentOf, Refunds
    from rules.payment import fold
    from rules.refund.claims import number_of
    from schemas.payment.commands import RecordAcceptance, RecordRefund
    from schemas.payment.state import Capture, CaptureAccepted, GivenBack, PaymentState
    from workflows.children import begin_refund

from workflows.payment.known import KnownPayment, proxied


class Refunding:
    """Starts refunds of money that is not owed, and records the refunds' reports."""

    def __init__(self, life: KnownPayment) -> None:
        self._life = proxied(life)

    @property
    def owed(self) -> tuple[Capture, ...]:
        """The captures that are not owed, in dispute or charged back, and whose refund was not started yet."""
        payment = self._life.payment
        claimed = (one for one in payment.captures if one in payment.to_refund or payment.taken_back(one))
        return tuple(one for one in claimed if self._told_of(one) not in self._life.memory.begun)

    def _told_of(self, capture: Capture) -> str:
        """Returns the name under which the start of a capture's refund is remembered.

        After a charge-back, and for a payment below the fee, the name is another, so that the refund starts again.
        """
        short = ":short" if self._life.payment.state is PaymentState.PENDING else ""
        charged = self._life.payment.taken_back(capture)
        return f"{capture.capture_id}{short}" + (f":{charged}" if charged else "")

    async def begin(self) -> None:
        """Starts a refund of each capture in `owed`, also of captures that arrive meanwhile; perhaps of one twice.

        The caller must check its condition without a wait after this loop: a capture that arrived during the wait would
        have no refund.
        """
        while to_give_back := self.owed:
            capture = to_give_back[0]
            ordinal = self._life.taken.index(capture.capture_id) + 1
            about = self._told_of(capture)
            await begin_refund(self._life.payment.filing_id, number_of(self._life.payment.n, ordinal))
            self._life.remember(begun=(*self._life.memory.begun, about))

    async def catch_up(self) -> None:
        """Reads again the refunds' reports to the previous run: refunded amounts, and captures accepted as the fee."""
        if not self._life.payment.captures:
            return
        asked = PaymentOf(filing_id=self._life.payment.filing_id, n=self._life.payment.n)
        for given in await workflow.execute_local_activity_method(Refunds.given, asked, **LEDGER):
            await self._life.stream.attempt(self._refunded(given))
        if fold.lacking(self._life.payment):
            for accepted in await workflow.execute_local_activity_method(Refunds.accepted, asked, **LEDGER):
                await self._life.stream.attempt(self._accepted(accepted))

    async def gave_back(self, raw: Any) -> None:
        """Records a refund's report. An unusable report is parked."""
        stream = await self._life.recorded()
        try:
            await stream.attempt(self._refunded(GivenBack.model_validate(raw)))
        except ValueError:
            await self._life.park("refunded", raw, "no refund of this payment")

    async def took_for_whole(self, raw: Any) -> None:
        """Records that a smaller amount is accepted as the whole fee, if the fee is still owed.

        An unusable report is parked.
        """
        stream = await self._life.recorded()
        try:
            await stream.attempt(self._accepted(CaptureAccepted.model_validate(raw)))
        except ValueError:
            await self._life.park("accepted", raw, "no money of this payment")

    def _accepted(self, accepted: CaptureAccepted) -> RecordAcceptance:
        """Returns the command. Raises `ValueError` if the capture does not belong to this payment."""
        ordinal = self._life.taken.index(accepted.capture_id) + 1
        return RecordAcceptance(command_id=f"accept:{ordinal}", accepted=accepted)

    def _refunded(self, given: GivenBack) -> RecordRefund:
        """Returns the command. Raises `ValueError` if the capture does not belong to this payment."""
        ordinal = self._life.taken.index(given.capture_id) + 1
        return RecordRefund(command_id=f"refund:{ordinal}:{given.case}", given=given)
