"""The base of a payment's life: its state, cancellation and refunds, and the ids of its commands."""

import re
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger.append import LEDGER
    from activities.money.refunds import PaymentOf, Refunds
    from rules.payment import fold
    from rules.payment.kind import not_owed
    from rules.refund.claims import number_of
    from schemas.errors import RefusalError
    from schemas.ids import digest
    from schemas.payment.commands import CancelPayment, RecordAcceptance, RecordCapture, RecordRefund
    from schemas.payment.state import Capture, CaptureAccepted, GivenBack, Payment, PaymentState
    from schemas.people import Via
    from workflows.children import begin_refund
    from workflows.stream.basis import NOTHING, Reading, read, until_founded
    from workflows.stream.recording import Stream
    from workflows.stream.shell import Life


OWED: Final = {PaymentState.PENDING, PaymentState.PAID}
"""The states of a payment in which the filing may still cancel it."""

_MOST: Final = 40
_AS_IT_IS: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{_MOST}}}")


class KnownPayment(Life[Payment]):
    """The base class of a payment's workflow: handles its captures, its refunds, and the filing's cancellation."""

    doubted: bool = False
    """Whether a provider's notice has left it unclear if money came. If so, the provider is queried at once."""

    @property
    def payment(self) -> Payment:
        """The current state of the payment."""
        return self.stream.state

    @property
    def taken(self) -> tuple[str, ...]:
        """The ids of the payment's captures, in the order of the log."""
        return tuple(capture.capture_id for capture in self.payment.captures)

    @property
    def cancel_waits(self) -> bool:
        """Whether the filing has sent a cancellation that is not recorded yet."""
        return self.memory.cancel is not None and self.payment.state in OWED

    async def hear_cancel(self) -> None:
        """Records the filing's cancellation, if the filing has sent one."""
        if self.memory.cancel is not None:
            await self.record_cancel(not_owed(self.payment.n))

    async def record_cancel(self, reason: str) -> None:
        """Records the payment as cancelled, if the filing's log shows that nothing is owed any more."""
        self.remember(cancel=None)
        try:
            await self.stream.record(CancelPayment(command_id="fee:cancel", reason=reason))
        except RefusalError as error:
            workflow.logger.info("payment.still_owed", extra={"code": error.refusal.code})

    @property
    def to_claim(self) -> tuple[Capture, ...]:
        """The captures whose refund is to start: not owed, charged back, or a part of the fee that others completed."""
        payment = self.payment
        news = (*payment.to_refund, *(one for one in payment.counted if one.capture_id in payment.parts))
        claimed = (one for one in payment.captures if one in news or payment.taken_back(one))
        return tuple(one for one in claimed if self._told_of(one) not in self.memory.begun)

    def _told_of(self, capture: Capture) -> str:
        """Returns the name under which the run remembers that a capture's refund was started.

        The name differs for a payment below the fee, and after each charge-back, so that the refund starts again.
        """
        short = ":short" if self.payment.state is PaymentState.PENDING else ""
        charged = self.payment.taken_back(capture)
        return f"{capture.capture_id}{short}" + (f":{charged}" if charged else "")

    async def begin_refunds(self) -> None:
        """Starts a refund of each capture in `to_claim`, also of those that arrive meanwhile; may start a refund twice.

        The caller must check its condition right after this call, without a wait: a capture that came during the wait
        would get no refund.
        """
        while to_give_back := self.to_claim:
            capture = to_give_back[0]
            ordinal = self.taken.index(capture.capture_id) + 1
            about = self._told_of(capture)
            await begin_refund(self.payment.filing_id, number_of(self.payment.n, ordinal))
            self.remember(begun=(*self.memory.begun, about))

    async def hear_refunds(self) -> None:
        """Reads again all reports of refunds: the refunded amounts, and the captures that were accepted as the fee."""
        if not self.payment.captures:
            return
        asked = PaymentOf(filing_id=self.payment.filing_id, n=self.payment.n)
        for given in await workflow.execute_local_activity_method(Refunds.given, asked, **LEDGER):
            await self.stream.attempt(self._refund_of(given))
        if fold.lacking(self.payment):
            for accepted in await workflow.execute_local_activity_method(Refunds.accepted, asked, **LEDGER):
                await self._record_acceptance(accepted)

    async def record_capture(self, capture: Capture, via: Via | None = None) -> None:
        """Records a capture. Earlier captures with a refund, paid or under way, do not help to settle the fee."""
        command_id = of_transaction("capture", capture.capture_id)

        async def recorded() -> None:
            going = await self._going()
            command = RecordCapture(command_id=command_id, capture=capture, going=tuple(going.answer))
            said = command if via is None else command.model_copy(update={"via": via})
            await self.stream.attempt(said, basis=going.basis)

        await until_founded(recorded)

    async def _going(self) -> Reading[list[str]]:
        """Reads the captures with a refund, paid or under way, if a short payment may still settle the fee."""
        if not fold.lacking(self.payment):
            return Reading([], NOTHING)
        return await read(Refunds.going, PaymentOf(filing_id=self.payment.filing_id, n=self.payment.n))

    async def refunded(self, raw: Any) -> None:
        """Records a refund's report of a refunded amount. Drops an unusable report."""
        await self.hear_fact("refunded", lambda: self._refund_of(GivenBack.model_validate(raw)))

    async def accepted(self, raw: Any) -> None:
        """Records that a smaller amount is accepted as the fee, if the fee is still owed. Drops an unusable report."""

        async def take(stream: Stream[Payment]) -> None:
            try:
                await self._record_acceptance(CaptureAccepted.model_validate(raw))
            except ValueError:
                await stream.catch_up()

        await self.hear("accepted", take)

    async def _record_acceptance(self, accepted: CaptureAccepted) -> None:
        """Records an acceptance. Raises `ValueError` if the payment has no such capture."""
        command_id = f"accept:{self.taken.index(accepted.capture_id) + 1}"

        async def recorded() -> None:
            going = await self._going()
            command = RecordAcceptance(command_id=command_id, accepted=accepted, going=tuple(going.answer))
            await self.stream.attempt(command, basis=going.basis)

        await until_founded(recorded)

    def _refund_of(self, given: GivenBack) -> RecordRefund:
        """Returns the command that records a refund. Raises `ValueError` if the payment has no such capture."""
        ordinal = self.taken.index(given.capture_id) + 1
        return RecordRefund(command_id=f"refund:{ordinal}:{given.case}", given=given)


def of_request(name: str, n: int) -> str:
    """Returns the id of a command about the n-th request. The same `name` and request always have the same id."""
    return name if n == 1 else f"{name}:{n}"


def of_transaction(name: str, transaction: str) -> str:
    """Returns the id of a command about a transaction. A long or unusual transaction number is hashed."""
    return f"fee:{name}:{transaction if _AS_IT_IS.fullmatch(transaction) else digest(transaction)[:_MOST]}"
