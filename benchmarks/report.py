"""The report of the benchmark `engine`: figures, tables and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pydantic_core import to_json
from rich.console import Console
from rich.table import Table

from benchmarks.engine import Measured
from benchmarks.history import History
from benchmarks.load import Round

CALLS: Final = ("submit", "decide")
PRODUCT: Final = "product"
WHOLE: Final = "whole"
NONE: Final = "–"


@dataclass(frozen=True)
class Latency:
    p50: float
    p95: float


@dataclass(frozen=True)
class Figures:
    """The figures of one side at one concurrency: medians of its rounds, and the latencies of all its calls."""

    filings: int
    per_second: float
    latency_ms: Mapping[str, Latency]
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True)
class Ratio:
    """The ratio of the product to another side, below 1 if the product's value is smaller.

    `pooled`: the ratio of all rounds together; `median`: over pairs of rounds; each None for a divisor of zero.
    """

    pooled: float | None
    median: float | None

    def __str__(self) -> str:
        return f"{_number(self.pooled)} (median {_number(self.median)})"


@dataclass(frozen=True)
class Ratios:
    """Ratios of the product to another side: CPU of one filing, in total and by process; filings per second."""

    cpu: Ratio
    cpu_by: Mapping[str, Ratio]
    per_second: Ratio


@dataclass(frozen=True)
class Compared:
    """The figures of all compared systems at one concurrency, and the product's ratios to each other system.

    A ratio's median is taken over pairs of neighbouring rounds: other load on the machine changes between rounds, but
    affects both rounds of a pair alike.
    """

    concurrency: int
    sides: Mapping[str, Figures]
    ratios: Mapping[str, Ratios]

    def lines(self) -> list[str]:
        return [
            f"{self.concurrency} at once, product to {name}: CPU of one filing {ratios.cpu}, "
            f"filings/s {ratios.per_second}"
            for name, ratios in self.ratios.items()
        ]


def compared(rounds: Iterable[Round]) -> list[Compared]:
    """Groups the rounds by concurrency, and compares the sides, which took turns."""
    found: dict[int, dict[str, list[Round]]] = {}
    for each in rounds:
        found.setdefault(each.concurrency, {}).setdefault(each.side, []).append(each)
    return [
        Compared(
            concurrency,
            {name: _figures(played) for name, played in by.items()},
            {name: _ratios(by[PRODUCT], played) for name, played in by.items() if name != PRODUCT},
        )
        for concurrency, by in found.items()
    ]


def _ratios(product: Sequence[Round], other: Sequence[Round]) -> Ratios:
    def of(rate: Callable[[Round], float], weight: Callable[[Round], float]) -> Ratio:
        mine, theirs = ((list(map(rate, side)), list(map(weight, side))) for side in (product, other))
        return ratio(*mine, *theirs)

    def filed(played: Round) -> int:
        return len(played.filed)

    def spent(name: str) -> Callable[[Round], float]:
        return lambda each: each.cpu_ms[name]

    both = [name for name in product[0].cpu_ms if name in other[0].cpu_ms]
    return Ratios(
        cpu=of(lambda each: each.whole_ms, filed),
        cpu_by={name: of(spent(name), filed) for name in both},
        per_second=of(lambda each: each.per_second, lambda each: each.seconds),
    )


def ratio(mine: Sequence[float], weights: Sequence[float], theirs: Sequence[float], others: Sequence[float]) -> Ratio:
    """Returns the ratio of two sides that took turns: the rates `mine` (with `weights`) to `theirs` (with `others`)."""
    pairs = list(zip(mine, theirs, strict=True))
    whole, other = _mean(mine, weights), _mean(theirs, others)
    return Ratio(
        pooled=whole / other if other else None, median=median(a / b for a, b in pairs) if all(theirs) else None
    )


def _mean(rates: Sequence[float], weights: Sequence[float]) -> float:
    return sum(rate * weight for rate, weight in zip(rates, weights, strict=True)) / sum(weights)


def _figures(rounds: Sequence[Round]) -> Figures:
    times = {call: sorted(time for each in rounds for time in each.times(call)) for call in CALLS}
    return Figures(
        filings=sum(len(each.filed) for each in rounds),
        per_second=median(each.per_second for each in rounds),
        latency_ms={call: Latency(_share(found, 0.5), _share(found, 0.95)) for call, found in times.items()},
        cpu_ms={name: median(each.cpu_ms[name] for each in rounds) for name in rounds[0].cpu_ms}
        | {WHOLE: median(each.whole_ms for each in rounds)},
    )


def _share(ordered: Sequence[float], share: float) -> float:
    """Returns a percentile: the smallest value such that at least this share of all values is not greater."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def as_json(measured: Measured) -> bytes:
    content = {
        "benchmark": "engine",
        "at": measured.at,
        "machine": measured.machine,
        "versions": measured.versions,
        "commits": measured.commits,
        "history": measured.histories,
        "recorded_steps": {"dbos": measured.recorded},
        "results": compared(measured.rounds),
        "late_money_watch": measured.late,
        "rounds": [
            {
                "side": each.side,
                "concurrency": each.concurrency,
                "filings": len(each.filed),
                "seconds": each.seconds,
                "per_second": each.per_second,
                "cpu_ms": {**each.cpu_ms, WHOLE: each.whole_ms},
            }
            for each in measured.rounds
        ],
    }
    return to_json(content, indent=1) + b"\n"


def show(measured: Measured, console: Console) -> None:
    for about in (measured.machine, measured.versions, measured.commits):
        console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    results = compared(measured.rounds)
    for result in results:
        console.print(_table(result, measured.histories))
        console.print(_ratio_table(result))
    for result in results:
        for line in result.lines():
            console.print(line)
    console.print(str(measured.late))


def _table(result: Compared, histories: Mapping[str, History]) -> Table:
    table = _empty(f"{result.concurrency} at once", "one filing", result.sides)
    cells = {name: _cells(figures, histories.get(name)) for name, figures in result.sides.items()}
    for row in cells[PRODUCT]:
        table.add_row(row, *(of.get(row, NONE) for of in cells.values()))
    return table


def _ratio_table(result: Compared) -> Table:
    table = _empty(f"{result.concurrency} at once, product to (pooled, median)", "CPU of one filing", result.ratios)
    table.add_row(WHOLE, *(_pair(ratios.cpu) for ratios in result.ratios.values()))
    for name in dict.fromkeys(name for ratios in result.ratios.values() for name in ratios.cpu_by):
        table.add_row(name, *(_pair(ratios.cpu_by.get(name)) for ratios in result.ratios.values()))
    return table


def _pair(ratio: Ratio | None) -> str:
    return NONE if ratio is None else f"{_number(ratio.pooled)}  {_number(ratio.median)}"


def _empty(title: str, first: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _cells(figures: Figures, history: History | None) -> dict[str, str]:
    cells = {"filings/s": f"{figures.per_second:.2f}", "filings measured": f"{figures.filings}"}
    for call, latency in figures.latency_ms.items():
        cells[f"{call} p50, ms"] = f"{latency.p50:.1f}"
        cells[f"{call} p95, ms"] = f"{latency.p95:.1f}"
    cells |= {f"CPU, {name}, ms": f"{spent:.1f}" for name, spent in figures.cpu_ms.items()}
    if history is not None:
        cells |= {"history events": f"{history.events}", "history bytes": f"{history.size:,}"}
    return cells


def _number(ratio: float | None) -> str:
    return NONE if ratio is None else f"{ratio:.2f}"
