"""Builds of the platform: lists each build's workers and runs, promotes a build, and moves runs to the promoted build.

Temporal keeps a run on the build that began the run, and starts new runs on the promoted build. A run moves to another
build by continue-as-new: at its next event, or if it is dormant, when a signal wakes it. A run on a build without
workers is restarted from the log.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from temporalio.api.deployment.v1 import WorkerDeploymentInfo, WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType, WorkerStatus
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice import v1 as service
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger.database import Pool
from motcua.calls.retry import MayBeGone, TryAgainError, is_not_found, patiently
from motcua.errors import MotcuaError, Unavailable
from motcua.payloads.converter import UnopenedError
from recovery.histories import each
from recovery.restart import PATIENCE, Restarter
from recovery.stalled import running
from rules.streams import KINDS
from schemas.ids import DEPLOYMENT, NUDGE, TASK_QUEUE
from schemas.stream.reprojection import REPROJECTION

NONE: Final = "none"
"""The name that stands for the build of all runs that were begun before there were builds."""

Tell: TypeAlias = Callable[[int, int], None]
"""Called with the number of runs that have left a build, and the number of runs still on this build."""

_UNDER_WAY: Final = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
_PAUSE: Final = 0.5
_STARTING: Final = 5.0
_LEAVE_WITHIN: Final = 20.0
"""The seconds in which a woken run leaves its build, unless the next build can't read its stream."""

FRESH: Final = timedelta(seconds=75)
"""The age of a process's last poll up to which the process counts as live.

A poll lasts a minute, and the server lists the poll for five minutes. Heartbeats, which our processes send every 5 s,
show sooner that a process is gone.
"""
MISSED: Final = 3
"""Number of missed heartbeats after which a process counts as gone."""

_ENDING: Final = frozenset({WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN})

Signs: TypeAlias = Mapping[tuple[str, str], bool]

_PROMOTED: Final = "update build set promoted_at = clock_timestamp() where build = $1 returning build"
_KNOWN: Final = """
select build, started_at, promoted_at, coalesce((reads ->> 'by_order')::boolean, false) as by_order
from build order by started_at desc
"""

_PAGE: Final = 500
_RUNNING: Final = running(*KINDS.workflows, REPROJECTION)
"""The visibility query of all running workflows except types that end within seconds."""


class NoSuchBuildError(MotcuaError):
    """No worker of this build has ever started here, or no worker of this build runs now."""


class StillCurrentError(MotcuaError):
    """The build can't be drained, because it is the promoted build."""


@dataclass(frozen=True)
class Build:
    """A build of the platform. `build` is its id, or `none` for runs that were begun before there were builds.

    `current`: whether new filings start on this build. `workers`: the number of its processes that poll for work now.
    `holds`: the number of running workflows on it. `started_at`: the time of the last start of a worker; None if none
    started. `promoted_at`: the time of the last promotion; None if never promoted. `by_order`: whether its activities
    act on the outside world only by an order in the log; False for older builds and unknown processes on our queue.
    """

    build: str
    current: bool
    workers: int
    holds: int
    started_at: datetime | None = None
    promoted_at: datetime | None = None
    by_order: bool = False


class Builds:
    """The builds of one platform."""

    def __init__(self, pool: Pool, temporal: Client) -> None:
        self._pool = pool
        self._temporal = temporal
        self._restarter = Restarter(pool, temporal)

    async def all(self) -> list[Build]:
        """Returns every build that is registered or still has runs, the newest first. Raises `RPCError`."""
        known = {row["build"]: dict(row) for row in await self._pool.fetch(_KNOWN)}
        current, there = await self._deployed()
        workers = await self._workers()
        names = list(dict.fromkeys((*known, *there, *workers)))
        held = await each(self._held, [*names, NONE])
        found = [
            Build(
                **({"build": name} | known.get(name, {})), current=name == current, workers=workers[name], holds=holds
            )
            for name, holds in zip(names, held, strict=False)
        ]
        return [*found, Build(NONE, current=False, workers=0, holds=held[-1])] if held[-1] else found

    async def current(self) -> str | None:
        """Returns the build on which new filings start; None if no build was promoted. Raises `RPCError`."""
        return (await self._deployed())[0]

    async def release(self, build: str, tell: Tell) -> None:
        """Promotes a build, and drains the others that have no workers. Raises the errors of `promote` and `drain`."""
        if await self.current() != build:
            # No build can replay runs begun before there were builds; after a promotion the new build would have to.
            await self._send_away(NONE)
            await self.promote(build)
        for other in await self.all():
            if other.build != build and other.holds and not other.workers:
                await self.drain(other.build, tell)

    async def promote(self, build: str) -> None:
        """Makes the build current; running filings move at their next event. Raises `NoSuchBuildError`, `RPCError`."""

        async def works(_: timedelta) -> None:
            if not (await self._workers())[build]:
                raise TryAgainError

        try:  # Temporal lists workers with some delay
            await patiently(works, _STARTING)
        except Unavailable:
            raise NoSuchBuildError(f"no worker of the build {build} runs") from None
        # Runs may move as soon as Temporal reports the promotion; they ask the record if the new build can read them.
        if await self._pool.fetchval(_PROMOTED, build) is None:
            raise NoSuchBuildError(f"no worker of the build {build} has ever started here")
        request = service.SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._temporal.namespace,
            deployment_name=DEPLOYMENT,
            build_id=build,
            identity=self._temporal.identity,
            ignore_missing_task_queues=True,
        )

        async def attempt(_: timedelta) -> None:
            try:
                await self._temporal.workflow_service.set_worker_deployment_current_version(request)
            except RPCError as error:
                if is_not_found(error):  # Temporal learns of a poller with some delay
                    raise TryAgainError from error
                raise
            if (await self._deployment()).routing_config_update_state == _UNDER_WAY:
                raise TryAgainError

        await patiently(attempt, PATIENCE)

    async def drain(self, build: str, tell: Tell) -> int:
        """Moves all runs of a build to the current build. Returns the number of runs that could not be moved.

        Runs are woken by a signal; if no worker of their build is running, they are restarted from the log. A call
        continues the work of an interrupted one. Raises `StillCurrentError` for the current build, `RPCError`, and the
        errors of `Restarter.restart`.
        """
        if build == await self.current():
            raise StillCurrentError(f"{build} is the current build: promote another one first")
        first = left = await self._held(build)
        tell(0, left)
        while left:
            begun = asyncio.get_running_loop().time()
            await self._send_away(build)
            while (now := await self._held(build)) and asyncio.get_running_loop().time() - begun < _LEAVE_WITHIN:
                tell(max(first - now, 0), now)
                await asyncio.sleep(_PAUSE)
            tell(max(first - now, 0), now)
            if now >= left:
                return now
            left = now
        await self._delete(build)
        return 0

    async def _send_away(self, build: str) -> None:
        send: Callable[[str], Awaitable[object]] = self._nudge
        if not (await self._workers())[build]:
            send = self._begin_again
        page: list[str] = []
        async for found in self._temporal.list_workflows(_held_by(build)):
            page.append(found.id)
            if len(page) == _PAGE:
                await each(send, page)
                page = []
        await each(send, page)

    async def _begin_again(self, stream: str) -> None:
        with suppress(UnopenedError):  # it stays, and is counted among those that could not leave
            await self._restarter.begin_again(stream)

    async def _nudge(self, workflow_id: str) -> None:
        with MayBeGone():
            await self._temporal.get_workflow_handle(workflow_id).signal(NUDGE)

    async def _held(self, build: str) -> int:
        return (await self._temporal.count_workflows(_held_by(build))).count

    async def _deployed(self) -> tuple[str | None, list[str]]:
        with MayBeGone():
            info = await self._deployment()
            current = info.routing_config.current_deployment_version.build_id
            return current or None, [one.deployment_version.build_id for one in info.version_summaries]
        return None, []

    async def _deployment(self) -> WorkerDeploymentInfo:
        found = await self._temporal.workflow_service.describe_worker_deployment(
            service.DescribeWorkerDeploymentRequest(namespace=self._temporal.namespace, deployment_name=DEPLOYMENT),
            retry=True,
        )
        return found.worker_deployment_info

    async def _workers(self) -> Counter[str]:
        """Returns the number of polling processes by build, or for another deployment by `<deployment>:<build>`."""
        queue = await queue_of(self._temporal, TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
        asked = asking(queue, TASK_QUEUE, await signs_of_life(self._temporal))
        named = [(one.deployment_options.deployment_name, one.deployment_options.build_id) for one in asked]
        return Counter(build if name == DEPLOYMENT else f"{name}:{build}" for name, build in named if name)

    async def _delete(self, build: str) -> None:
        """Deletes a build without runs. While a worker of the build runs, Temporal refuses, and the build is kept."""
        if build == NONE:
            return
        try:
            await self._temporal.workflow_service.delete_worker_deployment_version(
                service.DeleteWorkerDeploymentVersionRequest(
                    namespace=self._temporal.namespace,
                    deployment_version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build),
                    skip_drainage=True,
                    identity=self._temporal.identity,
                )
            )
        except RPCError as error:
            if error.status is RPCStatusCode.FAILED_PRECONDITION:
                return
            if not is_not_found(error):
                raise
        await self._pool.execute("delete from build where build = $1", build)


def _held_by(build: str) -> str:
    """Returns the visibility query that finds running workflows on this build; for `NONE`, those without a build."""
    on = "IS NULL" if build == NONE else f"= '{DEPLOYMENT}:{build}'"
    return f"{_RUNNING} AND TemporalWorkerDeploymentVersion {on}"


async def queue_of(client: Client, name: str, kind: TaskQueueType.ValueType) -> service.DescribeTaskQueueResponse:
    """Returns the server's description of a task queue. Raises `RPCError`."""
    return await client.workflow_service.describe_task_queue(
        service.DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_stats=True
        )
    )


def asking(queue: service.DescribeTaskQueueResponse, name: str, signs: Signs) -> list[PollerInfo]:
    """Returns a queue's live pollers, one for each identity. `name`: the queue's name."""
    since = datetime.now(UTC) - FRESH
    fresh = {p.identity: p for p in queue.pollers if p.last_access_time.ToDatetime(tzinfo=UTC) > since}
    return [poller for identity, poller in fresh.items() if signs.get((name, identity), True)]


async def signs_of_life(client: Client) -> Signs:
    """Returns whether each process with heartbeats is alive, by queue and identity; empty if the server has no list."""
    described = await client.workflow_service.describe_namespace(
        service.DescribeNamespaceRequest(namespace=client.namespace)
    )
    signs: dict[tuple[str, str], bool] = {}
    token, more = b"", described.namespace_info.capabilities.worker_heartbeats
    while more:
        page = await client.workflow_service.list_workers(
            service.ListWorkersRequest(namespace=client.namespace, next_page_token=token)
        )
        for info in page.workers_info:
            sign = info.worker_heartbeat
            key = (sign.task_queue, sign.worker_identity)
            signs[key] = signs.get(key, False) or _lives(sign)
        token = page.next_page_token
        more = bool(token)
    return signs


def _lives(sign: WorkerHeartbeat) -> bool:
    """Returns whether a heartbeat shows a live process that is not ending. A first heartbeat has no interval yet."""
    if sign.status in _ENDING:
        return False
    every = sign.elapsed_since_last_heartbeat.ToTimedelta()
    return datetime.now(UTC) - sign.heartbeat_time.ToDatetime(tzinfo=UTC) < (MISSED * every or FRESH)
