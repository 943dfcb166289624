"""`append`: compares the CPU of a filing's appends alone with another checkout's; both take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from benchmarks.about import commit, machine
from benchmarks.elsewhere import BEFORE, elsewhere, here
from benchmarks.load import Round
from benchmarks.record.appends import TEN
from benchmarks.report import Ratio, ratio
from deploy.stack.child import CHECKOUT

TODAY: Final = "today"
PROCESSES: Final = ("postgresql", "worker")
_WHAT: Final = "appends"


@dataclass(frozen=True)
class Measured:
    """The measurement: the rounds of each side. The sides took turns."""

    rounds: Mapping[str, Sequence[Round]]
    at: datetime
    machine: Mapping[str, str]
    commit: str

    def ratio(self, process: str) -> Ratio:
        """Returns the ratio of this checkout to the other one: the CPU of one filing's appends in this process."""
        mine, theirs = self.rounds[TODAY], self.rounds[BEFORE]
        return ratio(*_weighed(mine, process), *_weighed(theirs, process))

    def append_us(self, side: str, process: str) -> float:
        rates, weights = _weighed(self.rounds[side], process)
        return 1000 * sum(a * b for a, b in zip(rates, weights, strict=True)) / sum(weights) / (TEN + 1)

    def __str__(self) -> str:
        return "\n".join(
            f"{process}: {self.append_us(TODAY, process):.0f} µs of CPU an append, before "
            f"{self.append_us(BEFORE, process):.0f}: {self.ratio(process)}"
            for process in PROCESSES
        )


def as_json(measured: Measured) -> bytes:
    found = {
        "benchmark": "append",
        "at": measured.at,
        "machine": measured.machine,
        "commit": measured.commit,
        "processes": {
            process: {
                "append_us": {side: measured.append_us(side, process) for side in measured.rounds},
                "ratio": measured.ratio(process),
            }
            for process in PROCESSES
        },
    }
    return to_json(found, indent=1) + b"\n"


async def run(against: Path, rounds: int, seconds: float, tell: Callable[[str], None]) -> Measured:
    """Sets both sides up, warms them up, and measures them in turn. Raises `NoCheckoutError`, `AskedError`."""
    async with elsewhere(against, _WHAT) as before, here(TODAY, _WHAT) as today:
        found: dict[str, list[Round]] = {TODAY: [], BEFORE: []}
        for number in range(rounds + 1):
            for side in (before, today):
                played = await side.round(1, seconds)
                if number:
                    found[side.name].append(played)
                    tell(f"round {number}, {side.name}: {played.whole_ms:.1f} ms of CPU a filing")
    return Measured(found, datetime.now(UTC), machine(), await commit(CHECKOUT))


def _weighed(rounds: Sequence[Round], process: str) -> tuple[list[float], list[int]]:
    return [each.cpu_ms[process] for each in rounds], [len(each.filed) for each in rounds]
