"""Remembers the answers that local activities read from the record, for the appends of the same process."""

from typing import Any, Final

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.support.readings import Readings, reading_digest

READ: Final = frozenset(
    {
        *("complaint.grounds", "complaint.side", "complaint.remedy", "intake.calendar", "intake.destination"),
        *("intake.open", "obligation.collector"),
        *("payment.merchant", "payment.renewal", "refund.going", "refund.look"),
        *("refund.not_asked_again", "result.order", "result.signer", "result.signers"),
    }
)
"""The local activities that workflows request by `read`, and whose answers they record."""


class NotesReadings(Interceptor):
    """Stores the digest of each answer of the activities in `READ`."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- its name
        """Wraps every activity."""
        return _Inner(next, self._readings)


class _Inner(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, readings: Readings) -> None:
        super().__init__(inner)
        self._readings = readings

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- its name
        answer = await super().execute_activity(input)
        name = activity.info().activity_type
        if name in READ:
            [request] = input.args
            self._readings.keep(reading_digest(name, request, answer))
        return answer
