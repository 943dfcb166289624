"""Restarts, from the log, workflows that can't be replayed, that ended too early or did not begin an ordered stream.

A workflow that fails because of a bug is left for developers to mend. A query of Temporal's own, such as its web UI
sends, may leave a history that can't be replayed, or an Update that can't be finished (docs/operations.md).
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import structlog
from pydantic import ValidationError
from temporalio import activity
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.ledger.database import Pool
from activities.support.seldom import Seldom
from recovery.histories import each
from recovery.presence import others_work
from recovery.restart import Found, Restarter
from recovery.stalled import BUG, NOT_CONTINUED, NOT_REPLAYABLE, Stalled, of_types, reports_problems, stalled
from recovery.unbegun import Nudges, Unbegun
from recovery.unheard import Unheard
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.base import Instant, Model
from schemas.stream.restart import HEAL, Healed, Look
from views.log import Keys

BROKEN: Final = frozenset({NOT_REPLAYABLE, NOT_CONTINUED})
"""The causes of failures that no new code can correct, since the fault is in the history."""

STANDS_STILL: Final = timedelta(minutes=1)
"""The minimum time for which a task must have kept failing. Workers that are being replaced cause shorter failures."""

SILENT: Final = timedelta(seconds=75)
"""The time without an answer after which a task counts as failed, unless a bug is the known cause.

Only the first attempt of a task records why it failed. If the worker was killed during that attempt, a later cause
stays unknown.
"""

WELL: Final = timedelta(hours=1)
"""The time after a healing from which a new failure of the run counts as another fault."""

AGAIN: Final = timedelta(seconds=5)
"""The minimum time between two searches of one worker. Anybody with access to Temporal may request a search."""
_DOUBLED: Final = 10

MOST: Final = 500
MOST_REPLAYED: Final = 50
"""The maximum number of workflows that a search replays; `MOST`: that it heals. Both are chosen at random, so that none
blocks others."""

LOOKED_BACK: Final = timedelta(minutes=10)
"""The time before a search within which a workflow must have ended to be found."""
LAG: Final = timedelta(minutes=1)
"""The maximum delay, generously estimated, until Temporal's list shows that a workflow has ended."""
MOST_LISTED: Final = 2000
"""The maximum number of ended workflows that one search examines, the newest first."""

T = TypeVar("T")

_log = structlog.stdlib.get_logger("motcua.healing")


class LastHealing(Model):
    """The memo of a healed run and its next runs: the log's head, the time, and the number of healings at this head."""

    healed_at_seq: int
    healed_at: Instant
    times: int = 1


class Ended:
    """The streams whose workflow was terminated, or ended by a stranger's answer, and does not run again yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._searched: datetime | None = None
        self._left: set[str] = set()

    async def look(self, client: Client, restarter: Restarter, now: datetime) -> list[str]:
        """Returns streams with work but no running workflow; none while another Temporal's workers use this record.

        In that case the other Temporal may run such a stream, which must not be started here. Raises `RPCError`,
        `MotcuaError`, and the database's errors.
        """
        earliest = now - LOOKED_BACK
        since = earliest if self._searched is None else max(self._searched - LAG, earliest)
        lately = f"CloseTime >= '{since.isoformat()}' AND {of_types(*KINDS.workflows)}"
        query = f"ExecutionStatus NOT IN ('Running', 'ContinuedAsNew') AND {lately}"
        found = self._left | {one.id async for one in client.list_workflows(query, limit=MOST_LISTED)}
        left = await restarter.unfinished_of(sorted(found)) if found else []
        runs = await each(restarter.runs, left)
        self._left = {stream for stream, running in zip(left, runs, strict=True) if not running}
        self._searched = now
        if not self._left:
            return []
        async with self._pool.acquire() as connection:
            return [] if await others_work(connection, client) else sorted(self._left)


class Healer:
    """Restarts workflows that can't go on, but not twice in a row: a run that fails again at the same event is skipped.

    `workflows`: the classes on which a history is replayed. `meter` counts the healed workflows, by `kind`.
    """

    def __init__(
        self, pool: Pool, keys: Keys, kinds: Kinds, workflows: Sequence[type], meter: MetricMeter = MetricMeter.noop
    ) -> None:
        self._pool = pool
        self._kinds = kinds
        self._workflows = workflows
        self._seldom = Seldom(AGAIN)
        self._ended = Ended(pool)
        self._nudges = Nudges(pool)
        self._unbegun = Unbegun(pool, keys)
        self._unheard = Unheard(pool)
        self._counter = meter.create_counter("motcua_healed_total", "Workflows that were started again by themselves")
        for kind in kinds:
            self._counter.add(0, {"kind": kind})  # an alert on a rise misses the first increment of a new counter

    @activity.defn(name=HEAL)
    async def heal(self) -> Look:
        """Heals workflows; nudges runs whose stream is missing or has newer events. Returns `look`'s outcome."""
        client, now = activity.client(), datetime.now(UTC)
        with self._seldom.turn():
            found = await self.look(client, now)
            await self._nudges.nudge(client, now)
            await self._unheard.nudge(client, now)
            return found

    async def look(self, client: Client, now: datetime) -> Look:
        """Heals workflows. Returns those that were healed, and stalled ones that were not. Raises `RPCError`.

        Stalled workflows are found only if the server marks them, because examining all running ones is too costly.
        """
        broken = await self._broken(client, now) if await reports_problems(client) else []
        ended = await self._ended.look(client, Restarter(self._pool, client, self._kinds), now)
        unbegun = await self._unbegun.look(client, now)
        stand = {one.workflow_id: one.since for one in _some(broken, MOST)}
        over = dict.fromkeys(_some(ended, MOST), False) | dict.fromkeys(_some(unbegun, MOST), True)
        forced = over | dict.fromkeys(stand, True)
        healed = await each(
            lambda one: self._healed(client, one[0], stand.get(one[0]), now, force=one[1]), forced.items()
        )
        left = [stream for stream, done in zip(forced, healed, strict=True) if done is None and stream in stand]
        return Look(healed=tuple(one for one in healed if one is not None), left=tuple(left))

    async def _broken(self, client: Client, now: datetime) -> list[Stalled]:
        """Returns the workflows that no code can continue and that have failed for long enough."""
        found = [one for one in await stalled(client) if now - one.since > STANDS_STILL]
        unclear = _some([one for one in found if one.cause not in BROKEN], MOST_REPLAYED)
        return [one for one in found if one.cause in BROKEN] + [
            one for one in unclear if _is_silent(one, now) or not await self._replays(client, one.workflow_id)
        ]

    async def _replays(self, client: Client, workflow_id: str) -> bool:
        """Returns False if the workflow's history does not fit the code; else True, even after another failure."""
        replayer = Replayer(
            workflows=self._workflows,
            workflow_runner=UnsandboxedWorkflowRunner(),
            namespace=client.namespace,
            data_converter=client.data_converter,
        )
        try:
            history = await client.get_workflow_handle(workflow_id).fetch_history()
            replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        except Exception as error:  # noqa: BLE001 -- one failure must not stop the others
            _log.warning("workflow.not_healed", stream=workflow_id, reason=type(error).__name__)
            return True
        return not isinstance(replayed.replay_failure, NondeterminismError)

    async def _healed(
        self, client: Client, stream: str, stalled: datetime | None, now: datetime, *, force: bool
    ) -> Healed | None:
        """Heals a workflow. Returns None if it was not healed; an operator or a later search may still heal it.

        `stalled` is the time of its first failure, None without failures. With `force` a running run is terminated.
        """
        try:
            seq = await self._restarted(client, stream, stalled, now, force=force)
        except Exception as error:  # noqa: BLE001 -- one failure must not stop the others
            _log.warning("workflow.not_healed", stream=stream, reason=type(error).__name__)
            return None
        if seq is None:
            return None
        _log.warning("workflow.healed", stream=stream)
        self._counter.add(1, {"kind": stream.partition(":")[0]})
        return Healed(stream=stream, at=now, seq=seq)

    async def _restarted(
        self, client: Client, stream: str, stalled: datetime | None, now: datetime, *, force: bool
    ) -> int | None:
        """Restarts a workflow. Returns the log's last seq (0 without a log); None if it runs or is not due yet."""
        restarter = Restarter(self._pool, client, self._kinds)
        seq = int(await self._pool.fetchval("select head_seq from stream where stream = $1", stream) or 0)
        description = await client.get_workflow_handle(stream).describe()
        try:
            last = LastHealing.model_validate(await description.memo())
        except ValidationError:  # no memo, or not ours
            last = None
        here = last if last is not None and seq <= last.healed_at_seq else None
        if here is not None and not _is_due(here, stalled, now):
            return None
        times = 1 if here is None else here.times + 1
        memo = LastHealing(healed_at_seq=seq, healed_at=now, times=times).model_dump(mode="json")
        if force:
            await restarter.begin_again(stream, memo)
            return seq
        return None if await restarter.restart(stream, memo=memo) is Found.RUNNING else seq


def _is_due(last: LastHealing, stalled: datetime | None, now: datetime) -> bool:
    """Returns whether a workflow that has recorded nothing since its last healing may be healed again.

    A stalled workflow must have run for an hour without failure. Any other workflow is restarted after a pause that
    doubles each time, up to an hour.
    """
    if stalled is not None:
        return stalled - last.healed_at >= WELL
    return now - last.healed_at >= min(AGAIN * int(2 ** min(last.times, _DOUBLED)), WELL)


def _is_silent(one: Stalled, now: datetime) -> bool:
    """Returns whether the task has had no answer for the time `SILENT`, although at least this worker runs."""
    return one.cause != BUG and now - one.since > SILENT


def _some(found: list[T], most: int) -> list[T]:
    return found if len(found) <= most else random.sample(found, most)
