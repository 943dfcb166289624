"""`door`: compares the CPU of calls over HTTP with the kit's, and with constant answers of the same size, in turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from statistics import median
from typing import Final

import httpx
from pydantic_core import to_json

from benchmarks.about import commit, machine, versions
from benchmarks.door.standing import APPLICANT, Standing, body, standing
from benchmarks.load import Round, cpu, measure
from benchmarks.report import Ratio, ratio
from benchmarks.sides import AGENCY, Filed, Timed
from deploy.stack.child import CHECKOUT

KIT: Final = "submission, kit"
HTTP: Final = "submission, HTTP"
VIEW: Final = "view of a filing"
VIEW_SIZED: Final = "constant of that size"
PAGE: Final = "task page"
PAGE_SIZED: Final = "constant of the page's size"
PAIRS: Final = ((HTTP, KIT, 1.25), (VIEW, VIEW_SIZED, 5.0), (PAGE, PAGE_SIZED, 4.0))
"""The compared calls: ours, the other, and the maximum ratio of their CPU."""
AT_ONCE: Final = {HTTP: 4, VIEW: 8, PAGE: 8}
FILINGS: Final = 42
"""The number of filings that are viewed in turn. A page has their tasks, some 15 kB."""


@dataclass
class Call:
    """One kind of call, in the form that `benchmarks.load` measures."""

    name: str
    call: Callable[[], Awaitable[object]]

    async def file(self) -> Filed:
        timed = Timed()
        await timed.call(self.name, self.call())
        return Filed(("", ""), timed.seconds)


@dataclass(frozen=True)
class Measured:
    """The measurement. `rounds`: by call; `sizes`: the bytes of those answers that are compared with constants.

    `firsts`: the CPU of each filing's first view after the start of the door, whose cache is empty then.
    """

    rounds: Mapping[str, tuple[Round, ...]]
    firsts: Mapping[str, float]
    sizes: Mapping[str, int]
    at: datetime
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    commit: str

    def cpu_ms(self, call: str) -> dict[str, float]:
        """Returns the milliseconds of CPU that a call takes in each process: the median of the rounds."""
        found = self.rounds[call]
        return {name: median(each.cpu_ms[name] for each in found) for name in found[0].cpu_ms}

    def ratio(self, mine: str, other: str) -> Ratio:
        """Returns the CPU ratio of call `mine` to `other`: of all processes for a submission, else of the door."""
        one, two = self.rounds[mine], self.rounds[other]
        return ratio(
            *([_counted(each, mine) for each in one], [len(each.filed) for each in one]),
            *([_counted(each, mine) for each in two], [len(each.filed) for each in two]),
        )

    def __str__(self) -> str:
        lines = []
        for mine, other, wanted in PAIRS:
            for call in (mine, other):
                by = ", ".join(f"{name} {spent:.2f}" for name, spent in self.cpu_ms(call).items())
                p50 = median(time for each in self.rounds[call] for time in each.times(call))
                lines.append(f"{call}{_bytes(self.sizes.get(call))}: CPU, ms: {by}; p50 {p50:.1f} ms")
            lines.append(f"{mine} to {other}: {self.ratio(mine, other)}, wanted at most {wanted}")
        lines.append(f"first view of each filing: CPU, ms: door {self.firsts['door']:.2f}")
        return "\n".join(lines)


def _counted(one: Round, call: str) -> float:
    return one.whole_ms if call == HTTP else one.cpu_ms["door"]


def _bytes(size: int | None) -> str:
    return "" if size is None else f" ({size:,} bytes)"


def as_json(measured: Measured) -> bytes:
    found = {
        "benchmark": "door",
        "at": measured.at,
        "machine": measured.machine,
        "versions": measured.versions,
        "commit": measured.commit,
        "sizes": measured.sizes,
        "calls": {call: {"cpu_ms": measured.cpu_ms(call)} for call in measured.rounds},
        "first_views": measured.firsts,
        "ratios": {mine: {"to": other, **_plain(measured.ratio(mine, other))} for mine, other, _ in PAIRS},
        "rounds": [
            {"call": call, "calls": len(each.filed), "seconds": each.seconds, "cpu_ms": each.cpu_ms}
            for call, played in measured.rounds.items()
            for each in played
        ],
    }
    return to_json(found, indent=1) + b"\n"


def _plain(one: Ratio) -> dict[str, float | None]:
    return {"pooled": one.pooled, "median": one.median}


async def run(rounds: int, seconds: float, tell: Callable[[str], None]) -> Measured:
    """Sets everything up, plays the calls in turn, and measures them."""
    async with standing() as on:
        tell(f"filing {FILINGS} filings, which officers work on")
        filings = await on.prepared(FILINGS)
        applicant, leader = await on.token(APPLICANT), await on.officer("leader")
        views = [f"/v1/filings/{filing}" for filing in filings]
        page = f"/v1/tasks?agency={AGENCY}&role=leader&limit={FILINGS}"
        firsts = await _firsts(on, views, applicant)
        sizes = {VIEW: await _size(on, views[0], applicant), PAGE: await _size(on, page, leader)}
        gets = {VIEW: (views, applicant), PAGE: ([page], leader)}
        gets |= {
            VIEW_SIZED: ([f"/constant/{sizes[VIEW]}"], applicant),
            PAGE_SIZED: ([f"/constant/{sizes[PAGE]}"], leader),
        }
        calls = [_get(on, name, *what) for name, what in gets.items()]
        calls += [Call(KIT, lambda: on.product.submit(Timed(), APPLICANT)), Call(HTTP, lambda: _filed(on, applicant))]
        played = await _in_turn(on, {call.name: call for call in calls}, rounds, seconds, tell)
        about = await versions(on)
    return Measured(played, firsts, sizes, datetime.now(UTC), machine(), about, await commit(CHECKOUT))


async def _in_turn(
    on: Standing, calls: Mapping[str, Call], rounds: int, seconds: float, tell: Callable[[str], None]
) -> dict[str, tuple[Round, ...]]:
    """Plays the rounds of every call in turn; returns them without the first of each, a warm-up."""
    found: dict[str, tuple[Round, ...]] = dict.fromkeys(calls, ())
    for number in range(rounds + 1):
        for mine, other, _ in PAIRS:
            for name in (mine, other):
                one = await measure(calls[name], AT_ONCE[mine], seconds if number else seconds / 3, on.pids)
                if number:
                    found[name] += (one,)
                    tell(f"round {number}, {name}: {_counted(one, mine):.2f} ms of CPU each")
    return found


async def _firsts(on: Standing, views: Sequence[str], who: Mapping[str, str]) -> dict[str, float]:
    """Returns the milliseconds of CPU, by process, of one view of each of these addresses."""
    await on.http.get("/v1/me", headers=who)  # fetches the issuer's keys
    spent = cpu(on.pids)
    for address in views:
        (await on.http.get(address, headers=who)).raise_for_status()
    return {name: 1000 * (now - spent[name]) / len(views) for name, now in cpu(on.pids).items()}


def _get(on: Standing, name: str, addresses: Sequence[str], who: Mapping[str, str]) -> Call:
    turn = cycle(addresses)

    async def call() -> httpx.Response:
        return (await on.http.get(next(turn), headers=who)).raise_for_status()

    return Call(name, call)


async def _filed(on: Standing, who: Mapping[str, str]) -> None:
    (await on.http.post("/v1/filings", json=body(APPLICANT), headers=who)).raise_for_status()


async def _size(on: Standing, address: str, who: Mapping[str, str]) -> int:
    return len((await on.http.get(address, headers=who)).raise_for_status().content)
