"""Signals a provider's callback to its payment."""

from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from schemas.ids import TASK_QUEUE
from schemas.payment.state import MoneyNotice
from schemas.stream.restart import Restart, RestartStart

PAYMENT: Final = "Payment"
NOTICED: Final = "noticed"


async def tell_payment(client: Client, stream: str, notice: MoneyNotice) -> None:
    """Signals the notice to the payment of this stream, which the record knows.

    A payment whose workflow has ended is restarted from its log. The signal is idempotent: money is recorded once for
    each transaction. Raises `RPCError`.
    """
    await client.start_workflow(
        PAYMENT,
        RestartStart(restart=Restart()).model_dump(mode="json", exclude_none=True),
        id=stream,
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=NOTICED,
        start_signal_args=[notice.model_dump(mode="json", exclude_none=True)],
    )
