"""What a worker does for a request that comes by a queue, past every workflow of ours.

Temporal lets whoever reaches it ask for any activity, and says nothing of who asks: a run on our queue may be a
stranger's. So what writes the record, or reads it for somebody, is done only inside of a workflow that runs here; what
may come by the queue does what the log orders, whoever asks, or no harm.
"""

from __future__ import annotations

from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.results.printing import PRINT
from schemas.errors import RefusalCode
from schemas.stream.checkpoint import MAKE
from schemas.stream.healing import HEAL

INSTRUCTED: Final = frozenset(
    {
        PRINT,
        "parcel.cancel",
        "parcel.news",
        "parcel.send",
        "payment.close",
        "payment.late_money",
        "payment.money",
        "payment.order",
        "payment.refund",
        "reception.scan",
        "result.prepare",
        "result.prove",
        "result.sign",
    }
)
"""Take an `Instruction`, two of them with a file that the log can't name yet: what it does not order is not done."""

HARMLESS: Final = frozenset(
    {
        HEAL,  # starts again what can't go on, and nothing else; one look at a time
        MAKE,  # says what the record says; one at a time, and not again soon
        "calendar.page",  # brings the calendar that is in force, and no other
        "papers.confirm",  # says whether the store holds a file of the run's filing whose digest the request knows
        "reception.examine",  # says what is wrong with files, before anything of them can be in the log
        "view.changes",  # asks by itself who is speaking
    }
)

BY_QUEUE: Final = INSTRUCTED | HARMLESS
"""The activities for which workflows ask by a queue, because partners may keep them waiting."""


class ByQueue(Interceptor):
    """Refuses what nobody may ask for by a queue."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- its name
        """Each activity comes as it may."""
        return _Inner(next)


class _Inner(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- its name
        asked = activity.info()
        by_a_run = asked.workflow_id is not None  # the server knows activities that no workflow asks for
        if not (asked.is_local or (by_a_run and asked.activity_type in BY_QUEUE)):
            raise ApplicationError(
                f"{asked.activity_type} is asked for by the workflows of this platform alone",
                type=RefusalCode.NOT_AUTHORISED,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return await super().execute_activity(input)
