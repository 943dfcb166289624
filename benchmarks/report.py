"""What `engine` found, in numbers, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True)
class Latency:
    """Milliseconds that a call took."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Figures:
    """Of one side at one concurrency: the medians of its rounds, and the latencies of all its calls."""

    filings: int
    per_second: float
    latency_ms: Mapping[str, Latency]
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True)
class Compared:
    """Both sides at one concurrency.

    `ratio` is the median of the ratios of two neighbouring rounds, product to skeleton: what else the machine does
    comes and goes between the rounds, and meets both of a pair alike.
    """

    concurrency: int
    product: Figures
    skeleton: Figures
    ratio: float

    def __str__(self) -> str:
        return (
            f"{self.concurrency} at once: product {self.product.per_second:.1f}, skeleton "
            f"{self.skeleton.per_second:.1f} filings/s, ratio {self.ratio:.2f}"
        )


def compared(rounds: Iterable[Round]) -> list[Compared]:
    """The rounds, each product's followed by its skeleton's, put together by concurrency."""
    found: dict[int, dict[str, list[Round]]] = {}
    for each in rounds:
        found.setdefault(each.concurrency, {}).setdefault(each.side, []).append(each)
    return [
        Compared(concurrency, _figures(by["product"]), _figures(by["skeleton"]), _ratio(by["product"], by["skeleton"]))
        for concurrency, by in found.items()
    ]


def _ratio(product: Sequence[Round], skeleton: Sequence[Round]) -> float:
    return median(a.per_second / b.per_second for a, b in zip(product, skeleton, strict=True))


def _figures(rounds: Sequence[Round]) -> Figures:
    times = {call: sorted(time for each in rounds for time in each.times(call)) for call in CALLS}
    return Figures(
        filings=sum(len(each.filed) for each in rounds),
        per_second=median(each.per_second for each in rounds),
        latency_ms={call: Latency(_share(found, 0.5), _share(found, 0.95)) for call, found in times.items()},
        cpu_ms={name: median(each.cpu_ms[name] for each in rounds) for name in rounds[0].cpu_ms},
    )


def _share(ordered: Sequence[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def as_json(measured: Measured) -> bytes:
    """Everything there is to know."""
    content = {
        "benchmark": "engine",
        "at": measured.at,
        "machine": measured.machine,
        "versions": measured.versions,
        "history": {"product": measured.product, "skeleton": measured.skeleton},
        "results": compared(measured.rounds),
        "rounds": [
            {
                "side": each.side,
                "concurrency": each.concurrency,
                "filings": len(each.filed),
                "seconds": each.seconds,
                "per_second": each.per_second,
                "cpu_ms": each.cpu_ms,
            }
            for each in measured.rounds
        ],
    }
    return to_json(content, indent=1) + b"\n"


def show(measured: Measured, console: Console) -> None:
    """The table, and one line for each concurrency."""
    for about in (measured.machine, measured.versions):
        console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    results = compared(measured.rounds)
    for result in results:
        console.print(_table(result, measured.product, measured.skeleton))
    for result in results:
        console.print(str(result))


def _table(result: Compared, product: History, skeleton: History) -> Table:
    table = Table(title=f"{result.concurrency} at once", title_justify="left")
    table.add_column("one filing")
    table.add_column("product", justify="right")
    table.add_column("skeleton", justify="right")
    left, right = _cells(result.product, product), _cells(result.skeleton, skeleton)
    for name, cell in left.items():
        table.add_row(name, cell, right[name])
    return table


def _cells(figures: Figures, history: History) -> dict[str, str]:
    cells = {"filings/s": f"{figures.per_second:.2f}", "filings measured": f"{figures.filings}"}
    for call, latency in figures.latency_ms.items():
        cells[f"{call} p50, ms"] = f"{latency.p50:.1f}"
        cells[f"{call} p95, ms"] = f"{latency.p95:.1f}"
    cells |= {f"CPU of {name}, ms": f"{spent:.1f}" for name, spent in figures.cpu_ms.items()}
    return cells | {"history events": f"{history.events}", "history bytes": f"{history.size:,}"}
