"""The worker processes of a benchmark: `python -m benchmarks.worker product|skeleton|skeleton-office`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import uvloop
from temporalio.client import Client
from temporalio.worker import Worker

from activities.partners.instructions import Instructions
from activities.partners.money.bank import OwnBank
from activities.partners.money.provider_queries import Asker
from activities.workflows import Workflows
from benchmarks.skeleton.partners import InstantBank, InstantPost
from benchmarks.skeleton.steps import QUEUE, Steps, office
from benchmarks.skeleton.workflows import WORKFLOWS
from benchmarks.watching.looking import LateMoneyWatch, Watches
from motcua.connection import connect
from rules.streams import KINDS
from schemas.payment.state import DEFAULT_PROVIDER
from workers.memory import settle
from workers.settings import WorkerSettings
from workers.telemetry import configure_logging
from workers.wiring import WORKFLOWS as PLATFORM
from workers.wiring import Functions, activities_with, open_pool, open_vault, platform_worker


@asynccontextmanager
async def product(client: Client, settings: WorkerSettings) -> AsyncIterator[Worker]:
    """Runs the platform's worker with an in-process bank and post, and also with the workflow `LateMoneyWatch`."""
    bank = InstantBank()
    async with (
        activities_with(settings, bank, InstantPost()) as functions,
        open_pool(settings) as pool,
        open_vault(settings) as vault,
    ):
        [late_money] = [one for one in functions.working if one.__name__ == Watches.late_money.__name__]
        asker = Asker({DEFAULT_PROVIDER: OwnBank(DEFAULT_PROVIDER, bank)}, pool)
        watches = Watches(late_money, asker, Instructions(pool, vault, KINDS))
        working = [one for one in functions.working if one is not late_money]
        serving = replace(functions, working=(*working, watches.late_money))
        async with platform_worker(client, serving, settings, workflows=(*PLATFORM, LateMoneyWatch)) as worker:
            yield worker


@asynccontextmanager
async def bare(client: Client, settings: WorkerSettings) -> AsyncIterator[Worker]:
    """Runs the skeleton's worker, with the same options as the platform's worker."""
    async with open_pool(settings) as pool:
        others = Workflows()
        functions = Functions([*Steps(pool).activities(), others.start, others.tell])
        options: dict[str, Any] = {"task_queue": QUEUE, "workflows": WORKFLOWS, "interceptors": ()}
        async with platform_worker(client, functions, settings, **options) as worker:
            yield worker


@asynccontextmanager
async def bare_office(client: Client, _: WorkerSettings) -> AsyncIterator[Worker]:
    """Runs the skeleton's back office. It has the same options as the client kit's back office."""
    async with office(client) as worker:
        yield worker


WORKERS: Final[Mapping[str, Callable[[Client, WorkerSettings], AbstractAsyncContextManager[Worker]]]] = {
    "product": product,
    "skeleton": bare,
    "skeleton-office": bare_office,
}


async def main(name: str) -> None:
    """Runs the named worker until SIGTERM."""
    settle()
    settings = WorkerSettings()
    client = await connect(lazy=False)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with WORKERS[name](client, settings):
        _ready(settings)
        await stop.wait()


def _ready(settings: WorkerSettings) -> None:
    Path(str(settings.ready_file)).touch()


if __name__ == "__main__":
    configure_logging()
    uvloop.run(main(sys.argv[1]))
