"""The payment as its run knows it: its state in the log, and the run's own memory."""

from __future__ import annotations

from typing import Any, Final, cast
from weakref import proxy

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rules.payment import status
    from schemas.errors import RefusalError
    from schemas.payment.commands import CancelPayment
    from schemas.payment.state import Payment, PaymentState
    from workflows.stream.shell import Life


OWED: Final = {PaymentState.PENDING, PaymentState.PAID}
"""The states in which a filing may still cancel the payment."""


class KnownPayment(Life[Payment]):
    """A payment, its captures, and the filing's cancellation."""

    doubted: bool = False
    """True if a provider's notice leaves it unclear whether money came. The provider is then queried at once."""

    def remember(self, **what: Any) -> None:
        """Keeps these values for the next run."""
        self.memory = self.memory.model_copy(update=what)

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
        """Whether the filing's cancellation has yet to be recorded."""
        return self.memory.cancel is not None and self.payment.state in OWED

    async def hear_cancel(self) -> None:
        """Records the filing's cancellation, if the filing has sent one."""
        if self.memory.cancel is not None:
            await self.record_cancel(status.not_owed(self.payment.n))

    async def record_cancel(self, reason: str) -> None:
        """Records that nothing is owed any more, if the filing's record supports that."""
        self.remember(cancel=None)
        try:
            await self.stream.record(CancelPayment(command_id="fee:cancel", reason=reason))
        except RefusalError as error:
            workflow.logger.info("payment.still_owed", extra={"code": error.refusal.code})


def proxied(life: KnownPayment) -> KnownPayment:
    """Returns a weak proxy of the life for its parts, so that an evicted run is freed without the garbage collector."""
    return cast("KnownPayment", proxy(life))
