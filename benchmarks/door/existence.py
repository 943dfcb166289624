"""`existence`: whether the time of an answer alone tells a stranger that a filing exists.

The stranger asks about a foreign filing and about a filing that does not exist, in pairs. A guess assumes that every
answer on one side of a threshold is about the foreign filing. The best threshold of the first half of the answers is
tried on the second half.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, cycle
from os import getloadavg
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID, uuid4

from pydantic_core import to_json

from benchmarks.about import commit, machine, versions
from benchmarks.door.standing import Standing, standing
from deploy.stack.child import CHECKOUT

PAIRS: Final = 2_000
WANTED: Final = 0.55
FILINGS: Final = 24
_WARM_UP: Final = 50
STRANGER: Final = "tran-thi-binh"
FOREIGN_AGENCY: Final = "H01.12"
_WITHDRAW: Final[tuple[str, Mapping[str, str]]] = "withdraw", {"reason": "Tôi nộp nhầm."}
_ACCEPT: Final[tuple[str, Mapping[str, str]]] = "accept", {}
_NOT_FOUND: Final = 404

Pair = tuple[float, float]
"""The seconds until the answer about a foreign filing, and until that about a filing that does not exist."""


@dataclass(frozen=True)
class Guess:
    """A guess: if `slower`, answers that take more than `seconds` are about foreign filings; if not, all others are."""

    seconds: float
    slower: bool

    def right(self, pairs: Sequence[Pair]) -> float:
        """Returns the share of right guesses."""
        found = sum(((foreign > self.seconds) + (never <= self.seconds)) for foreign, never in pairs)
        share = found / (2 * len(pairs))
        return share if self.slower else 1 - share


def best(pairs: Iterable[Pair]) -> Guess:
    """Returns the guess that is right most often about these pairs."""
    times = sorted((seconds, weight) for pair in pairs for seconds, weight in zip(pair, (-1, 1), strict=True))
    more = list(accumulate(weight for _, weight in times))
    where = max(range(len(times)), key=lambda index: abs(more[index]))
    return Guess(times[where][0], slower=more[where] > 0)


@dataclass(frozen=True)
class Measured:
    """The measurement. `pairs`: by kind of request; `load`: the machine's load average, before and after."""

    pairs: Mapping[str, Sequence[Pair]]
    load: tuple[float, float]
    at: datetime
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    commit: str

    def right(self, kind: str) -> float:
        """Returns the share of guesses about the second half of the pairs that are right."""
        pairs = self.pairs[kind]
        half = len(pairs) // 2
        return best(pairs[:half]).right(pairs[half:])

    def medians(self, kind: str) -> tuple[float, float]:
        """Returns the median milliseconds of an answer about a foreign filing, and about one that does not exist."""
        foreign, never = zip(*self.pairs[kind], strict=True)
        return 1000 * median(foreign), 1000 * median(never)

    def __str__(self) -> str:
        lines = [f"load of the machine: {self.load[0]:.1f}, then {self.load[1]:.1f}"]
        for kind in self.pairs:
            foreign, never = self.medians(kind)
            lines.append(
                f"{kind}: {self.right(kind):.1%} of guesses right, wanted at most {WANTED:.0%}; "
                f"medians {foreign:.2f} ms for a foreign filing, {never:.2f} ms for one that never was"
            )
        return "\n".join(lines)


def as_json(measured: Measured) -> bytes:
    found = {
        "benchmark": "existence",
        "at": measured.at,
        "machine": measured.machine,
        "versions": measured.versions,
        "commit": measured.commit,
        "load": measured.load,
        "kinds": {
            kind: {"right": measured.right(kind), "median_ms": measured.medians(kind), "pairs": len(pairs)}
            for kind, pairs in measured.pairs.items()
        },
    }
    return to_json(found, indent=1) + b"\n"


async def run(pairs: int, tell: Callable[[str], None]) -> Measured:
    """Sets everything up, and measures the answers."""
    async with standing() as on:
        tell(f"filing {FILINGS} filings, which officers work on")
        filings = await on.prepared(FILINGS)
        applicant, officer = await on.token(STRANGER), await on.officer("reception", FOREIGN_AGENCY)
        found, load = dict[str, Sequence[Pair]](), getloadavg()[0]
        for who, headers, (command, fields) in (("applicant", applicant, _WITHDRAW), ("officer", officer, _ACCEPT)):
            for kind, path in (("question", ""), ("command", f"/commands/{command}")):
                name = f"{kind} of an {who}"
                found[name] = await _times(on, Requests(filings, path, headers, fields), pairs)
                tell(f"{name}: done")
        about = await versions(on)
    return Measured(found, (load, getloadavg()[0]), datetime.now(UTC), machine(), about, await commit(CHECKOUT))


@dataclass(frozen=True)
class Requests:
    """One kind of request. `path`: added to a filing's address, empty for a view; `fields`: those of a command."""

    filings: Sequence[UUID]
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, str]

    async def one(self, on: Standing, filing: UUID) -> float:
        """Returns the seconds until the answer to a request about this filing. Every answer must be a 404."""
        address, began = f"/v1/filings/{filing}{self.path}", perf_counter()
        if self.path:
            body = {"command_id": str(uuid4()), **self.fields}
            answer = await on.http.post(address, json=body, headers=self.headers)
        else:
            answer = await on.http.get(address, headers=self.headers)
        took = perf_counter() - began
        if answer.status_code != _NOT_FOUND:
            raise RuntimeError(f"{address} was answered: {answer.status_code} {answer.text}")
        return took


async def _times(on: Standing, requests: Requests, pairs: int) -> Sequence[Pair]:
    """Returns the seconds of `pairs` pairs of requests. The order of the two requests in a pair is random."""
    foreign = cycle(requests.filings)

    async def pair() -> Pair:
        if random.random() < 0.5:  # noqa: PLR2004, S311 -- a coin
            theirs = await requests.one(on, next(foreign))
            return theirs, await requests.one(on, uuid4())
        never = await requests.one(on, uuid4())
        return await requests.one(on, next(foreign)), never

    for _ in range(_WARM_UP):
        await pair()
    return [await pair() for _ in range(pairs)]
