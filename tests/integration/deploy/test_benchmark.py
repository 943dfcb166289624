"""`python -m benchmarks engine`: it runs, and what it finds of the history is within the budget."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.engine import DifferentShapeError, compare
from benchmarks.history import History
from benchmarks.load import Round
from benchmarks.report import compared
from benchmarks.sides import Filed
from tests.conftest import ROOT

EVENTS: Final = 140
BYTES: Final = 45_000
"""What a level-4 filing may cost, over all its workflows: docs/performance.md says who raised it, and why."""


@pytest.mark.timeout(240)
def test_a_filing_is_measured_against_its_skeleton_and_stays_within_its_budget(tmp_path: Path) -> None:
    file = tmp_path / "engine.json"
    few = ("--concurrency", "2", "--rounds", "1", "--seconds", "0.5")
    ended = subprocess.run(
        (sys.executable, "-m", "benchmarks", "engine", "--json", file, *few),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "MOTCUA_"))},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^2 at once: .* ratio \d+\.\d\d$", ended.stdout, re.MULTILINE), ended.stdout
    found = json.loads(file.read_text())
    assert found["history"]["product"]["events"] <= EVENTS
    assert found["history"]["product"]["size"] <= BYTES
    [result] = found["results"]
    for side in ("product", "skeleton"):
        assert result[side]["filings"] >= 2
        assert set(result[side]["cpu_ms"]) == {"worker", "back office", "client", "server", "postgresql"}
        assert min(result[side]["cpu_ms"]["worker"], result[side]["cpu_ms"]["server"]) > 0
        assert 0 < result[side]["latency_ms"]["decide"]["p50"] <= result[side]["latency_ms"]["decide"]["p95"]


def history(events: int, **kinds: int) -> History:
    return History(events, 1000, kinds)


@pytest.mark.parametrize(
    "skeleton",
    [history(100, MARKER_RECORDED=10), history(105, MARKER_RECORDED=11), history(100)],
    ids=["one append less", "more events than a few", "no appends"],
)
def test_what_does_something_else_is_no_skeleton(skeleton: History) -> None:
    with pytest.raises(DifferentShapeError):
        compare(history(100, MARKER_RECORDED=11), skeleton)


def test_how_many_tasks_it_took_is_no_difference() -> None:
    compare(
        history(100, MARKER_RECORDED=11, WORKFLOW_TASK_STARTED=14),
        history(104, MARKER_RECORDED=11, WORKFLOW_TASK_STARTED=15),
    )


def measured(side: str, filings: int, seconds: float) -> Round:
    filed = Filed(("filing", "payment"), {"submit": 0.02, "decide": 0.01})
    return Round(side, 10, (filed,) * filings, seconds, {"worker": 50.0})


def test_the_ratio_is_the_median_of_neighbouring_rounds() -> None:
    """A machine that is twice as busy in a pair of rounds changes neither's share."""
    rounds: list[Any] = [
        measured("product", 80, 10),
        measured("skeleton", 100, 10),
        measured("product", 45, 10),
        measured("skeleton", 50, 10),
        measured("product", 7, 1),
        measured("skeleton", 10, 1),
    ]
    [result] = compared(rounds)
    assert result.ratio == pytest.approx(0.8)
    assert str(result).endswith("ratio 0.80")
    assert dataclasses.asdict(result.product)["latency_ms"]["submit"] == {"p50": 20.0, "p95": 20.0}
