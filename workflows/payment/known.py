"""The payment of a run as it knows it by now, with what it remembers beside the log."""

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
"""The states in which a filing may still say that it owes nothing."""


class KnownPayment(Life[Payment]):
    """A payment, the money that it has taken, and the filing's word that nothing is owed any more."""

    doubted: bool = False
    """A provider has said something of which only a query tells the meaning: it is asked at once."""

    def remember(self, **what: Any) -> None:
        """Keep this for the next run."""
        self.memory = self.memory.model_copy(update=what)

    @property
    def payment(self) -> Payment:
        """The payment as it stands."""
        return self.stream.state

    @property
    def taken(self) -> tuple[str, ...]:
        """The ids of its captures, in the order of the log."""
        return tuple(capture.capture_id for capture in self.payment.captures)

    @property
    def cancel_waits(self) -> bool:
        """Whether the filing's word that it owes nothing has yet to be recorded."""
        return self.memory.cancel is not None and self.payment.state in OWED

    async def hear_cancel(self) -> None:
        """Record the filing's word, if there is one."""
        if self.memory.cancel is not None:
            await self.record_cancel(status.not_owed(self.payment.n))

    async def record_cancel(self, reason: str) -> None:
        """Owe nothing any more, if the record of the filing bears that out."""
        self.remember(cancel=None)
        try:
            await self.stream.record(CancelPayment(command_id="fee:cancel", reason=reason))
        except RefusalError as error:
            workflow.logger.info("payment.still_owed", extra={"code": error.refusal.code})


def proxied(life: KnownPayment) -> KnownPayment:
    """The life for a part of it, which does not keep it alive: a run that is evicted is gone without the collector."""
    return cast("KnownPayment", proxy(life))
