"""Lets a run that has lost its stream take the stream over again, if no other run can be active on the stream.

A run loses its stream if Temporal is restored from a backup, since other runs may have taken streams over meanwhile; or
if the record is restored without events that the run has seen. Its next append is refused, so it requests a new epoch.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import MetricMeter
from temporalio.exceptions import ApplicationError

from activities.ledger.database import Pool, acquired
from recovery.presence import others_work
from recovery.restart import NEXT_EPOCH, leave_trace
from rules.stream_kind import Kinds
from schemas.errors import RefusalCode
from schemas.ids import restarts_stream
from schemas.stream.restart import TAKE_OVER, UNRECORDED
from views.log import Connection

AGAIN_WITHIN: Final = 2.0
"""The seconds in which workers reconnect to a database that was unreachable, for example because of its restart."""

ATTEMPTS: Final = 8
"""The number of attempts to take over, in about ten seconds: workers of another Temporal may be about to end."""

MOST: Final = 20
"""The maximum number of takeovers and restarts of a stream in an hour: it stops two runs that alternate endlessly."""

_PATIENCE: Final = timedelta(seconds=2)

_LATELY: Final = """
select count(*) from event where stream = $1 and recorded_at > clock_timestamp() - interval '1 hour'
    and convert_from(body, 'UTF8')::jsonb ->> 'stream' = $2
"""

_log = structlog.stdlib.get_logger("motcua.healing")


class Overtaken:
    """Assigns a stream to the calling run. The `meter` counts takeovers, by `kind`."""

    def __init__(self, pool: Pool, kinds: Kinds, meter: MetricMeter = MetricMeter.noop) -> None:
        self._pool = pool
        self._counter = meter.create_counter("motcua_taken_over_total", "Streams that a run took over by itself")
        for kind in kinds:
            self._counter.add(0, {"kind": kind})  # an alert on a rise misses the first increment of a new counter

    @activity.defn(name=TAKE_OVER)
    async def take_over(self) -> int:
        """Returns the epoch under which the calling run continues its stream; all other runs lose it.

        Raises `unrecorded`, without retry, if the record has no such stream. Raises `ledger_conflict` if the caller
        is not Temporal's current run of its workflow, if workers of another Temporal, which may run the stream, use the
        record, or if the stream was taken over too often. After either error, nothing has changed.
        """
        stream = activity.info().workflow_id or ""
        async with acquired(self._pool) as connection:
            await _expect_alone(connection, stream)
        await asyncio.sleep(AGAIN_WITHIN)
        async with acquired(self._pool) as connection, connection.transaction():
            await _expect_alone(connection, stream)
            epoch = await _next_epoch(connection, stream)
        _log.warning("workflow.took_over", stream=stream)
        self._counter.add(1, {"kind": stream.partition(":")[0]})
        return epoch


async def _expect_alone(connection: Connection, stream: str) -> None:
    if await others_work(connection, activity.client()):
        last = activity.info().attempt >= ATTEMPTS
        raise _refused(stream, "workers of another Temporal work on this record", last=last)


async def _next_epoch(connection: Connection, stream: str) -> int:
    """Returns the stream's next epoch. Locks its row, as a restart does, so that nobody else restarts it meanwhile."""
    row = await connection.fetchrow(NEXT_EPOCH, stream)
    if row is None:
        raise _refused(stream, "the record has no such stream", type_=UNRECORDED)
    # An activity may outlive its run: only Temporal's current run of this id goes on.
    described = await activity.client().get_workflow_handle(stream).describe(rpc_timeout=_PATIENCE)
    ours = described.run_id == activity.info().workflow_run_id
    if not ours or described.status is not WorkflowExecutionStatus.RUNNING:
        raise _refused(stream, "another run goes on with this stream")
    filing, agency, epoch, _ = row.values()
    if await connection.fetchval(_LATELY, restarts_stream(filing), stream) >= MOST:
        raise _refused(stream, f"it was taken over {MOST} times within an hour")
    await leave_trace(connection, filing, agency, stream, epoch)
    return int(epoch)


def _refused(stream: str, why: str, *, last: bool = True, type_: str = RefusalCode.LEDGER_CONFLICT) -> ApplicationError:
    if last:
        _log.warning("workflow.not_taken_over", stream=stream, reason=why)
    return ApplicationError(why, type=type_, non_retryable=last)
