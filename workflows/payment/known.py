"""A payment as its run knows it: the state in the log, the run's own memory, and the ids of the run's commands."""

import re
from typing import Final, cast
from weakref import proxy

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rules.payment import status
    from schemas.errors import RefusalError
    from schemas.ids import digest
    from schemas.payment.commands import CancelPayment, RecordCapture
    from schemas.payment.state import Capture, Payment, PaymentState
    from workflows.stream.shell import Life


OWED: Final = {PaymentState.PENDING, PaymentState.PAID}
"""The states in which a filing may still cancel the payment."""

_MOST: Final = 40
_AS_IT_IS: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{_MOST}}}")


class KnownPayment(Life[Payment]):
    """The common part of a payment's life: the payment, its captures, and the filing's cancellation."""

    doubted: bool = False
    """True if a provider's notice leaves it unclear whether money came. The provider is then queried at once."""

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
        """Records that nothing is owed any more, if the filing's log shows that."""
        self.remember(cancel=None)
        try:
            await self.stream.record(CancelPayment(command_id="fee:cancel", reason=reason))
        except RefusalError as error:
            workflow.logger.info("payment.still_owed", extra={"code": error.refusal.code})


def proxied(life: KnownPayment) -> KnownPayment:
    """Returns a weak proxy of the life for its parts, so that an evicted run is freed without the garbage collector."""
    return cast("KnownPayment", proxy(life))


def of_request(name: str, n: int) -> str:
    """Returns the id of a command about the n-th request; the same request has the same id."""
    return name if n == 1 else f"{name}:{n}"


def of_transaction(name: str, transaction: str) -> str:
    """Returns the id of a command about a transaction. A number that is long or has unusual characters is hashed."""
    return f"fee:{name}:{transaction if _AS_IT_IS.fullmatch(transaction) else digest(transaction)[:_MOST]}"


def record(capture: Capture) -> RecordCapture:
    """Returns the command that records a capture."""
    return RecordCapture(command_id=of_transaction("capture", capture.capture_id), capture=capture)
