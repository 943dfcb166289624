"""What no code can continue is ended and started again from its log by itself; a bug is left to whoever mends it.

A query of Temporal's own, such as its web UI sends, may leave a history that can't be replayed, or an Update that can't
be finished (docs/operations.md).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog
from pydantic import ValidationError
from temporalio import activity
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.seldom import Seldom
from recovery.histories import each
from recovery.restart import Restarter
from recovery.stalled import BUG, NOT_CONTINUED, NOT_REPLAYABLE, Stalled, reports_problems, stalled
from rules.stream_kind import Kinds
from schemas.base import Instant, Model
from schemas.stream.healing import HEAL, Healed, Look

BROKEN: Final = frozenset({NOT_REPLAYABLE, NOT_CONTINUED})
"""Causes that lie in the history."""

STANDS_STILL: Final = timedelta(minutes=1)
"""So long a task must have failed: workers that are just being replaced may fail it in passing."""

SILENT: Final = timedelta(seconds=75)
"""So long a task that tells of no bug may do without an answer. Only the first try of a task tells why it failed: where
its worker was killed over it, nobody hears of what holds it up since."""

WELL: Final = timedelta(hours=1)
"""A run that went so long before it failed did not fail over what the one before it did."""

AGAIN: Final = timedelta(seconds=5)
"""Between two looks at one worker: anybody who reaches Temporal may ask for one."""

MOST: Final = 500
MOST_REPLAYED: Final = 50
"""So many are healed, or replayed, in one look: any of those that wait, so that none keeps the others waiting."""

HEAD: Final = "select head_seq from stream where stream = $1"

_log = structlog.stdlib.get_logger("motcua.healing")


class LastHealing(Model):
    """What the memo of a healed run says: how far the log was when it was healed, and when that was."""

    healed_at_seq: int
    healed_at: Instant


class Healer:
    """Starts again what can't go on, once in a row: a run that fails where the one before it did is left alone.

    Args:
        pool: Connections to the record.
        kinds: The kinds of streams.
        workflows: The classes that a history is replayed on.
        meter: Where the healed are counted, by `kind`.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        kinds: Kinds,
        workflows: Sequence[type],
        meter: MetricMeter = MetricMeter.noop,
    ) -> None:
        self._pool = pool
        self._kinds = kinds
        self._workflows = workflows
        self._seldom = Seldom(AGAIN)
        self._counter = meter.create_counter("motcua_healed_total", "Workflows that were started again by themselves")
        for kind in kinds:
            self._counter.add(0, {"kind": kind})  # an alert on a rise misses the first one of a counter that is new

    @activity.defn(name=HEAL)
    async def heal(self) -> Look:
        """Look once, now, where the worker works. An attempt that is repeated tells only what it has healed itself."""
        with self._seldom.turn():
            return await self.look(activity.client(), datetime.now(UTC))

    async def look(self, client: Client, now: datetime) -> Look:
        """Heal what may be healed. Raises `RPCError`.

        A server that does not mark who stands still is left alone: every running workflow would have to be looked at.
        """
        if not await reports_problems(client):
            return Look()
        broken = _some(await self._broken(client, now), MOST)
        healed = await each(lambda one: self._healed(client, one, now), broken)
        left = [one.workflow_id for one, done in zip(broken, healed, strict=True) if done is None]
        return Look(healed=tuple(one for one in healed if one is not None), left=tuple(left))

    async def _broken(self, client: Client, now: datetime) -> list[Stalled]:
        """What no code can continue, for long enough."""
        found = [one for one in await stalled(client) if now - one.since > STANDS_STILL]
        unclear = _some([one for one in found if one.cause not in BROKEN], MOST_REPLAYED)
        return [one for one in found if one.cause in BROKEN] + [
            one for one in unclear if _is_silent(one, now) or not await self._replays(client, one.workflow_id)
        ]

    async def _replays(self, client: Client, workflow_id: str) -> bool:
        """Whether the history of a workflow fits the code, whatever else is wrong with it."""
        replayer = Replayer(
            workflows=self._workflows,
            workflow_runner=UnsandboxedWorkflowRunner(),
            namespace=client.namespace,
            data_converter=client.data_converter,
        )
        try:
            history = await client.get_workflow_handle(workflow_id).fetch_history()
            replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        except Exception as error:  # noqa: BLE001 -- one that can't be looked at must not keep the others ill
            _log.warning("workflow.not_healed", stream=workflow_id, reason=type(error).__name__)
            return True
        return not isinstance(replayed.replay_failure, NondeterminismError)

    async def _healed(self, client: Client, one: Stalled, now: datetime) -> Healed | None:
        """How it was healed; None if it is left to an operator, or to the next look."""
        stream = one.workflow_id
        try:
            seq: int | None = await self._pool.fetchval(HEAD, stream)
            if seq is None or not await _may_be_healed(client, one, seq):
                return None
            memo = LastHealing(healed_at_seq=seq, healed_at=now).model_dump(mode="json")
            await Restarter(self._pool, client, self._kinds).restart(stream, force=True, memo=memo)
        except Exception as error:  # noqa: BLE001 -- one that can't be healed must not keep the others ill
            _log.warning("workflow.not_healed", stream=stream, reason=type(error).__name__)
            return None
        _log.warning("workflow.healed", stream=stream)
        self._counter.add(1, {"kind": stream.partition(":")[0]})
        return Healed(stream=stream, at=now, seq=seq)


async def _may_be_healed(client: Client, one: Stalled, seq: int) -> bool:
    """Whether this is not the run that was healed last, standing still once more where it did before.

    A memo passes on to the runs that follow by themselves, and speaks of the first of them. Raises `RPCError`.
    """
    description = await client.get_workflow_handle(one.workflow_id).describe()
    try:
        last = LastHealing.model_validate(await description.memo())
    except ValidationError:
        return True  # none, or not ours
    return seq > last.healed_at_seq or one.since - last.healed_at >= WELL


def _is_silent(one: Stalled, now: datetime) -> bool:
    """Whether it is long since anything was heard of it, while the workers answer others: this look is at work."""
    return one.cause != BUG and now - one.since > SILENT


def _some(found: list[Stalled], most: int) -> list[Stalled]:
    return found if len(found) <= most else random.sample(found, most)
