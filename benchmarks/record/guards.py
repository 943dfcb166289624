"""`guards`: measures the cost of encrypted payloads and of identity statements, in rounds that take turns.

Each side is the product with its own settings, processes and stack (`benchmarks/record/acts.py`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from statistics import median
from typing import Final

from pydantic_core import to_json

from benchmarks.about import commit, machine
from benchmarks.asking import SideProcess, running_side
from benchmarks.load import Round
from benchmarks.record.acts import ACTS
from benchmarks.report import Ratio, ratio
from console.processes import IDENTITY
from deploy.stack.child import CHECKOUT
from motcua.payloads.key_ring import CODEC_KEYS
from operations.key_rotation import new_ring
from schemas.identity.statement import PrincipalKind
from workers.settings import Identity

PLAIN: Final = "plain"
CODEC: Final = "codec"
SIGNED: Final = "identity"
BOTH: Final = "both"
GUARDED: Final = (CODEC, SIGNED, BOTH)
AT_ONCE: Final = 10
_ENDLESS: Final = json.dumps({kind: {"rate": 1e9, "most": 1e9} for kind in PrincipalKind})
"""Budgets of programs that no round exceeds, since the cost of acts is measured, not their limit."""


def settings() -> dict[str, dict[str, str]]:
    """Returns the extra environment variables of each side. The first side is `plain`, the base of the comparison."""
    unsealed, sealed = {CODEC_KEYS: ""}, {CODEC_KEYS: new_ring()}
    believed = {IDENTITY: Identity.OFF.value}
    asked_who = {IDENTITY: Identity.REQUIRED.value, "MOTCUA_BUDGETS": _ENDLESS}
    return {
        PLAIN: unsealed | believed,
        CODEC: sealed | believed,
        SIGNED: unsealed | asked_who,
        BOTH: sealed | asked_who,
    }


@dataclass(frozen=True)
class Plan:
    """The plan: the number of rounds of each act on each side (`plain` and `sides`), and the seconds of a round."""

    rounds: int
    seconds: float
    sides: Collection[str] = GUARDED


@dataclass(frozen=True)
class Measured:
    """The measurement: rounds by act and side. `guarded`: by side, whether it is `sealed` and `signed`."""

    guarded: Mapping[str, Mapping[str, bool]]
    rounds: Mapping[str, Mapping[str, tuple[Round, ...]]]
    at: datetime
    machine: Mapping[str, str]
    commit: str

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(self.rounds[ACTS[0]])

    def cpu_ms(self, act: str, side: str) -> dict[str, float]:
        """Returns the milliseconds of CPU that one act takes in each process: the median of the rounds."""
        found = self.rounds[act][side]
        return {name: median(each.cpu_ms[name] for each in found) for name in found[0].cpu_ms}

    def ratio(self, act: str, side: str) -> Ratio:
        """Returns the CPU of one act on this side, as a ratio to the plain side."""
        mine, plain = self.rounds[act][side], self.rounds[act][PLAIN]
        return ratio(
            *([each.whole_ms for each in mine], [len(each.filed) for each in mine]),
            *([each.whole_ms for each in plain], [len(each.filed) for each in plain]),
        )

    def whole(self, side: str) -> Ratio:
        """Returns the total CPU of one act of each kind on this side, as a ratio to the plain side."""
        mine, plain = self._together(side), self._together(PLAIN)
        return ratio(mine, [1] * len(mine), plain, [1] * len(plain))

    def _together(self, side: str) -> list[float]:
        return [sum(each.whole_ms for each in turn) for turn in zip(*(self.rounds[a][side] for a in ACTS), strict=True)]

    def __str__(self) -> str:
        lines = []
        for side in self.sides:
            for act in ACTS:
                by = ", ".join(f"{name} {spent:.1f}" for name, spent in self.cpu_ms(act, side).items())
                whole = median(each.whole_ms for each in self.rounds[act][side])
                lines.append(f"{side}, {act}: CPU {whole:.1f} ms ({by}), to {PLAIN} {self.ratio(act, side)}")
            lines.append(f"{side}, one of each: to {PLAIN} {self.whole(side)}")
        return "\n".join(lines)


def as_json(measured: Measured) -> bytes:
    found = {
        "benchmark": "guards",
        "at": measured.at,
        "machine": measured.machine,
        "commit": measured.commit,
        "sides": {
            side: {
                **measured.guarded[side],
                "acts": {
                    act: {"cpu_ms": measured.cpu_ms(act, side), "ratio": measured.ratio(act, side)} for act in ACTS
                },
                "ratio": measured.whole(side),
            }
            for side in measured.sides
        },
        "rounds": [
            {"act": act, "side": side, "acts": len(each.filed), "seconds": each.seconds, "cpu_ms": each.cpu_ms}
            for act, by in measured.rounds.items()
            for side, played in by.items()
            for each in played
        ],
    }
    return to_json(found, indent=1) + b"\n"


async def run(plan: Plan, tell: Callable[[str], None]) -> Measured:
    """Sets all sides up, warms them up, and measures them in turn. Raises `AskedError`."""
    async with AsyncExitStack() as held:
        command, sides = (sys.executable, "-m", "benchmarks.record.acts"), dict[str, SideProcess]()
        for name, more in settings().items():
            if name in {PLAIN, *plan.sides}:
                sides[name] = await held.enter_async_context(
                    running_side(name, command, CHECKOUT, {**os.environ, **more})
                )
        played = await _played(sides, plan, tell)
    guarded = {name: side.begun for name, side in sides.items()}
    return Measured(guarded, played, datetime.now(UTC), machine(), await commit(CHECKOUT))


async def _played(
    sides: Mapping[str, SideProcess], plan: Plan, tell: Callable[[str], None]
) -> dict[str, dict[str, tuple[Round, ...]]]:
    """Plays the rounds of every act on every side; returns them without the first of each, a warm-up."""
    rounds: dict[str, dict[str, tuple[Round, ...]]] = {act: dict.fromkeys(sides, ()) for act in ACTS}
    for number in range(plan.rounds + 1):
        for act, name in product(ACTS, sides):
            found = await sides[name].round(AT_ONCE, plan.seconds if number else plan.seconds / 3, act=act)
            if number:
                rounds[act][name] += (found,)
                tell(f"round {number}, {name}, {act}: {found.whole_ms:.1f} ms of CPU each")
    return rounds
