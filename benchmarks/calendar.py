"""`calendar`: computes the due instants of many filings, on one core."""

from __future__ import annotations

import platform
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from statistics import median
from typing import Final, NamedTuple

from pydantic_core import to_json

from benchmarks.about import machine
from publishing.authoring.calendars import CALENDARS, check_bytes
from publishing.authoring.procedure_file import MistakesFoundError
from rules.time.calendars import expand
from rules.time.office_hours import pages
from rules.time.working_time import Pause, due
from schemas.limit import Limit
from schemas.publishing.calendar import Calendar

MANY: Final = 100_000
_LIMITS: Final = (
    *("0 working days", "1 working day", "5 working days", "15 working days", "30 working days", "8 working hours"),
    *("24 working hours", "3 calendar days", "30 calendar days", "60 calendar days"),
)
_YEAR: Final = 365 * 24 * 60
_LONGEST_PAUSE: Final = 14 * 24 * 60
_WITH_PAUSES: Final = 4
"""One case in this many has one to three pauses."""


class Case(NamedTuple):
    start: datetime
    limit: Limit
    pauses: Sequence[Pause]


@dataclass(frozen=True)
class Measured:
    """The measurement: wall-clock and CPU seconds of each round. The first round also expands the calendar's days."""

    cases: int
    wall: Sequence[float]
    cpu: Sequence[float]

    @property
    def seconds(self) -> float:
        """The CPU seconds of this process for all cases: the median of the rounds. Other programs are not counted."""
        return median(self.cpu)

    def __str__(self) -> str:
        return (
            f"{self.cases:,} due dates in {self.seconds:.2f} s of one core, {self.cases / self.seconds:,.0f} a second "
            f"({median(self.wall):.2f} s by the clock; {self.cpu[0]:.2f} s with the days laid out first)"
        )


def cases(many: int = MANY, seed: int = 2026) -> list[Case]:
    """Returns cases that start at random minutes of 2026, some with pauses; the same seed gives the same cases."""
    dice = random.Random(seed)  # noqa: S311 -- test data
    limits = [Limit.model_validate(text) for text in _LIMITS]
    return [_case(dice, limits[n % len(limits)], paused=n % _WITH_PAUSES == 0) for n in range(many)]


def _case(dice: random.Random, limit: Limit, *, paused: bool) -> Case:
    start = datetime(2025, 12, 31, 17, tzinfo=UTC) + timedelta(minutes=dice.randrange(_YEAR))
    moment, pauses = start, []
    for _ in range(dice.randint(1, 3) if paused else 0):
        begins = moment + timedelta(minutes=dice.randrange(_LONGEST_PAUSE))
        moment = begins + timedelta(minutes=dice.randrange(_LONGEST_PAUSE))
        pauses.append((begins, moment))
    return Case(start, limit, pauses)


def national() -> Calendar:
    checked = check_bytes((CALENDARS / "vn.yaml").read_bytes())
    if checked.calendar is None:
        raise MistakesFoundError(checked.mistakes)
    return expand(checked.calendar)


def run(many: int = MANY, rounds: int = 5) -> Measured:
    calendar, asked = national(), cases(many)
    pages.cache_clear()
    found = [_round(asked, calendar) for _ in range(rounds)]
    return Measured(many, [wall for wall, _ in found], [cpu for _, cpu in found])


def _round(asked: Sequence[Case], calendar: Calendar) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for case in asked:
        due(case.start, case.limit, calendar, pauses=case.pauses)
    return time.perf_counter() - wall, time.process_time() - cpu


def as_json(measured: Measured) -> bytes:
    content = {
        "benchmark": "calendar",
        "at": datetime.now(UTC),
        "machine": machine(),
        "versions": {"Python": platform.python_version(), "holidays": version("holidays")},
        "cases": measured.cases,
        "seconds": measured.seconds,
        "per_second": measured.cases / measured.seconds,
        "rounds": [{"wall_s": wall, "cpu_s": cpu} for wall, cpu in zip(measured.wall, measured.cpu, strict=True)],
    }
    return to_json(content, indent=1) + b"\n"
