"""The cost of watching for late money after a payment: the number of looks by the rule, times the CPU of one look.

A look is one query of the bank: a retry of the watch's activity by the server. A watch lasts three days, too long for a
benchmark. So many watches are started together, to begin at set instants a little later. The CPU of the looks is the
CPU of the processes from the first of those instants until the second look of the last watch, less their idle CPU,
measured just before. The client only waits and is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Final, TypeAlias

from temporalio.client import Client, WorkflowHandle

from benchmarks.load import cpu
from benchmarks.watching.looking import LateMoneyWatch, WatchRequest
from rules.payment.late_money import EARLY, SELDOM, looks
from rules.time.working_time import VIETNAM
from schemas.ids import TASK_QUEUE
from schemas.payment.state import WATCH_SECONDS
from schemas.publishing.calendar import Calendar

PER_SECOND: Final = 20
"""The number of watches that begin in each second of the measured time."""
STARTS: Final = (0.05, 0.1, 0.2)
"""Seconds allowed for the start of one watch, in the first, second and third attempt at the measurement."""
_AT_ONCE: Final = 20
_HOURS: Final = [datetime(2026, 1, 1, tzinfo=VIETNAM) + timedelta(hours=n) for n in range(365 * 24)]
Watch: TypeAlias = "WorkflowHandle[LateMoneyWatch, None]"


class TooSlowError(Exception):
    """Not all watches were started before the measured time began."""

    def __init__(self) -> None:
        super().__init__("the watches for late money were started too late to be measured: the machine is too busy")


@dataclass(frozen=True)
class Late:
    """The looks of a standard watch: their average and largest number, the CPU of one look and of all of a filing."""

    looks: float
    most_looks: int
    measured_looks: int
    look_cpu_ms: Mapping[str, float]
    filing_cpu_ms: float

    def __str__(self) -> str:
        each = " + ".join(f"{name} {spent:.2f}" for name, spent in self.look_cpu_ms.items())
        return (
            f"late-money watch of three days: {self.looks:.1f} looks by the rule (at most {self.most_looks}) × "
            f"{sum(self.look_cpu_ms.values()):.2f} ms of CPU ({each}) = {self.filing_cpu_ms:.0f} ms a paid filing; "
            f"{len(SELDOM) + 1} looks = {self.pushed_cpu_ms:.0f} ms where every provider reports by itself"
        )

    @property
    def pushed_cpu_ms(self) -> float:
        """The CPU of one filing's looks, if every provider also reports payments by itself."""
        return (len(SELDOM) + 1) * sum(self.look_cpu_ms.values())


def looks_by_the_rule(calendar: Calendar) -> tuple[float, int]:
    """Returns the average and the largest number of looks of the watches that begin at the full hours of 2026."""
    many = [len(looks(since, since + timedelta(seconds=WATCH_SECONDS), calendar)) for since in _HOURS]
    return mean(many), max(many)


async def measure(
    client: Client, payment: str, processes: Mapping[str, int], calendar: Calendar, seconds: float
) -> Late:
    """Starts many watches for late money of one paid payment, and measures the CPU of their looks.

    `seconds`: the period in which the watches begin, one after another. Raises `TooSlowError`.
    """
    shown = {name: processes[name] for name in ("worker", "server", "postgresql")}
    for starts in STARTS:
        with contextlib.suppress(TooSlowError):
            each, seen = await _look(client, payment, shown, seconds, starts)
            looked, most = looks_by_the_rule(calendar)
            return Late(looked, most, seen, each, looked * sum(each.values()))
    raise TooSlowError


async def _look(
    client: Client, payment: str, processes: Mapping[str, int], seconds: float, starts: float
) -> tuple[dict[str, float], int]:
    """Returns the milliseconds of CPU of one look, by process, and the number of looks. Raises `TooSlowError`."""
    idle, many = max(seconds / 3, 1), max(round(PER_SECOND * seconds), 1)
    begins = datetime.now(UTC) + timedelta(seconds=starts * many + 2 + idle)
    handles = await _watch(client, payment, [begins + n * timedelta(seconds=seconds) / many for n in range(many)])
    try:
        at_rest = await _spent(processes, begins - timedelta(seconds=idle), begins)
        ends = begins + timedelta(seconds=seconds + 1) + EARLY[1]
        spent = await _spent(processes, begins, ends)
        seen = sum([await _attempts(handle) for handle in handles]) - many
    finally:
        for handle in handles:
            await handle.terminate("the benchmark has seen enough")
    over = (ends - begins).total_seconds()
    return {name: 1000 * (spent[name] - over * at_rest[name] / idle) / seen for name in processes}, seen


async def _watch(client: Client, payment: str, begins: Sequence[datetime]) -> list[Watch]:
    """Starts a watch of the payment for each instant in `begins`. Each makes its first look now, before the instant."""
    some = asyncio.Semaphore(_AT_ONCE)

    async def start(n: int, since: datetime) -> Watch:
        request = WatchRequest(stream=payment, seq=1, since=since)
        async with some:
            return await client.start_workflow(
                LateMoneyWatch.run, request, id=f"late-money-watch:{n}", task_queue=TASK_QUEUE
            )

    return await asyncio.gather(*(start(n, since) for n, since in enumerate(begins)))


async def _spent(processes: Mapping[str, int], since: datetime, until: datetime) -> dict[str, float]:
    """Returns the CPU seconds of each process between two instants. Raises `TooSlowError` if `since` has passed."""
    if datetime.now(UTC) > since + timedelta(seconds=0.5):
        raise TooSlowError
    await asyncio.sleep((since - datetime.now(UTC)).total_seconds())
    before = cpu(processes)
    await asyncio.sleep((until - datetime.now(UTC)).total_seconds())
    return {name: now - before[name] for name, now in cpu(processes).items()}


async def _attempts(handle: Watch) -> int:
    """Returns how many times a watch has queried the bank."""
    [looking] = (await handle.describe()).raw_description.pending_activities
    return looking.attempt - 1
