"""Restricts the activities that can be requested through a queue of Temporal, where the caller may be a stranger.

Anybody with access to Temporal can request any activity, and Temporal does not name the caller: a run on our queue may
be a stranger's. So activities that write the record, or read it for somebody, run only locally, within a workflow on
this worker. An activity on the queue does only what the log orders, or something harmless, for any caller.
"""

from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.results.printing import PRINT
from schemas.errors import RefusalCode
from schemas.stream.checkpoint import MAKE
from schemas.stream.restart import HEAL

INSTRUCTED: Final = frozenset(
    {
        *(PRINT, "parcel.cancel", "parcel.news", "parcel.send", "reception.scan", "result.prepare", "result.sign"),
        *("payment.close", "payment.late_money", "payment.money", "payment.order", "payment.refund"),
    }
)
"""Activities whose input is only an `Instruction`; `result.prepare` also gets a file that is not yet in the log."""

HARMLESS: Final = frozenset(
    {
        HEAL,  # restarts workflows that can't go on, and nothing else; one search at a time
        MAKE,  # states the record's content; one at a time, and not again soon
        "calendar.page",  # applies the calendar that is in force, and no other
        "papers.confirm",  # finds out whether the store holds a file of the run's filing whose digest the request knows
        "reception.examine",  # finds problems of files, before they can be in the log
        "view.changes",  # verifies the caller itself
    }
)

BY_QUEUE: Final = INSTRUCTED | HARMLESS
"""The activities that workflows request through a queue, since they may have to wait for partners."""


class ByQueue(Interceptor):
    """Refuses activities that may not be requested through a queue."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- its name
        """Wraps every activity."""
        return _Inner(next)


class _Inner(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- its name
        asked = activity.info()
        by_a_run = asked.workflow_id is not None  # the server also has activities without a workflow
        if not (asked.is_local or (by_a_run and asked.activity_type in BY_QUEUE)):
            raise ApplicationError(
                f"{asked.activity_type} is asked for by the workflows of this platform alone",
                type=RefusalCode.NOT_AUTHORISED,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return await super().execute_activity(input)
