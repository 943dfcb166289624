"""`python -m benchmarks engine` runs, and the measured history is within the budget."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.asking import AskedError
from benchmarks.door.existence import best
from benchmarks.elsewhere import elsewhere
from benchmarks.engine import DifferentShapeError, compare, compare_appends
from benchmarks.history import History
from benchmarks.load import Round
from benchmarks.record.appends import TEN
from benchmarks.record.growing import APPENDED
from benchmarks.report import compared
from benchmarks.sides import Filed
from rules.payment.late_money import MOST
from tests.conftest import ROOT

EVENTS: Final = 92
BYTES: Final = 45_000
"""The maximum bytes of history of a level-4 filing, over all its workflows; the reasons are in docs/performance.md."""


def benchmark(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "benchmarks", name, *arguments),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "MOTCUA_"))},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def found_by(folder: Path, name: str, *arguments: str | Path) -> tuple[dict[str, Any], str]:
    file = folder / "found.json"
    ended = benchmark(name, "--json", file, *arguments)
    assert ended.returncode == 0, ended.stderr
    return json.loads(file.read_text()), ended.stdout


def has_python(checkout: Path) -> None:
    """Makes the checkout's Python a script, since a link to a virtual environment's Python would lack the libraries."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)


def test_what_guards_a_filing_is_measured_against_what_does_not(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "guards", "--rounds", "1", "--seconds", "1", "--side", "both")
    assert re.search(r"^both, one of each: to plain \d+\.\d\d \(median \d+\.\d\d\)$", said, re.MULTILINE)
    for side, guarded in (("plain", False), ("both", True)):
        one = found["sides"][side]
        assert (one["sealed"], one["signed"]) == (guarded, guarded)
        assert all(one["acts"][act]["cpu_ms"]["worker"] > 0 for act in ("submit", "command", "view"))


def linked(checkout: Path) -> Path:
    has_python(checkout)
    for room in ROOT.glob("[a-z]*"):
        (checkout / room.name).symlink_to(room)
    return checkout


def test_appends_are_measured_against_those_of_another_checkout(tmp_path: Path) -> None:
    before = linked(tmp_path / "before")
    found, said = found_by(tmp_path, "append", "--rounds", "1", "--seconds", "0.5", "--against", before)
    for process, one in found["processes"].items():
        assert re.search(rf"^{process}: \d+ µs of CPU an append, before \d+: \d\.\d\d ", said, re.MULTILINE), said
        assert one["ratio"]["pooled"] == pytest.approx(one["append_us"]["today"] / one["append_us"]["before"])


def test_a_filing_is_measured_against_others_and_stays_within_its_budget(tmp_path: Path) -> None:
    few = ("--concurrency", "2", "--rounds", "1", "--seconds", "1")
    found, said = found_by(tmp_path, "engine", *few, "--against", linked(tmp_path / "before"))
    for other in ("two workers", "before", "skeleton", "dbos"):
        line = rf"^2 at once, product to {other}: CPU of one filing \d+\.\d\d .*, filings/s \d+\.\d\d "
        assert re.search(line, said, re.MULTILINE), said
    watch = (
        r"^late-money watch of three days: .* a paid filing; 3 looks = \d+ ms where every provider reports by itself$"
    )
    assert re.search(watch, said, re.MULTILINE), said
    late = found["late_money_watch"]
    assert 1 < late["looks"] <= late["most_looks"] <= MOST
    assert late["measured_looks"] > 0
    assert min(late["look_cpu_ms"]["worker"], late["look_cpu_ms"]["server"], late["filing_cpu_ms"]) > 0
    assert found["history"]["product"]["events"] <= EVENTS
    assert found["history"]["product"]["size"] <= BYTES
    assert found["history"]["before"]["kinds"]["MARKER_RECORDED"] > 0
    assert found["recorded_steps"]["dbos"] > 11  # appends, and whatever else a command takes there
    [result] = found["results"]
    own, shared = {"worker", "postgresql", "whole"}, {"back office", "client", "server"}
    two = {"two workers": shared | {"second worker"}}
    for side, processes in {"product": shared, "before": shared, "skeleton": shared, "dbos": set[str](), **two}.items():
        figures = result["sides"][side]
        assert figures["filings"] >= 2
        assert set(figures["cpu_ms"]) == own | processes
        assert min(figures["cpu_ms"][name] for name in own) > 0
        assert 0 < figures["latency_ms"]["decide"]["p50"] <= figures["latency_ms"]["decide"]["p95"]
    assert 0 < result["ratios"]["before"]["cpu"]["pooled"] < 10


def test_memory_and_decisions_are_measured_while_filings_stay_open(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "memory", "--submissions", "100")
    assert [int(after) for after in found["resident"]] == list(range(5, 101, 5))
    assert min(found["resident"].values()) > 50 * 2**20
    assert [found[which]["decided"] for which in ("few", "many", "forgotten")] == [3, 3, 3]
    assert all(found[which]["p50_ms"] > 0 for which in ("few", "many", "forgotten"))
    assert 20 < found["events"] < EVENTS
    assert f"it grew by {found['growth']:.1%} after the first 20%" in said


def test_a_long_log_is_verified_and_rebuilt_from_in_memory_that_does_not_grow(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "ledger", "--events", "20000")
    assert set(found["looks"]) == {"verify", "bindings", "rebuild"}
    for name, (short, long) in found["looks"].items():
        assert long["events"] > 19_000
        assert long["events"] > 8 * short["events"]
        assert 50 * 2**20 < long["resident"] < 1.25 * short["resident"]
        assert long["cpu_of_100000"] > 0
        assert re.search(rf"^{name}, {long['events']:,} events: [\d,]+ events a second", said, re.MULTILINE)


def test_a_record_that_grows_is_whole_at_each_length_and_its_costs_are_measured(tmp_path: Path) -> None:
    lengths = ("--events", "2000", "--events", "5000")
    found, said = found_by(tmp_path, "growth", *lengths, "--folder", tmp_path)
    few, many = found["grown"]
    assert [set(one["looks"]) for one in (few, many)] == [{"verify", "bindings", "rebuild"}, {"verify", "bindings"}]
    assert 1_800 < few["events"] < 2_200
    assert 4_800 < many["events"] < 6_000
    for one in (few, many):
        assert one["looks"]["verify"]["events"] == one["events"] + (APPENDED + 1) * (TEN + 1)
        assert one["checkpointed"] > 1_800
        assert None not in one["checks"].values()
        assert {"master_key", "read_models", "findings"} <= set(one["checks"])
        assert all(0 < times["median"] <= times["p99"] for times in (one["asks"] | one["appends"]).values())
        assert 0 < one["append_cpu_ms"] < one["appends"]["submission"]["p99"] + one["appends"]["command"]["p99"]
        assert min(one["sizes"]["event"]) > 0
    assert many["sizes"]["event"] > few["sizes"]["event"]
    assert many["tasks"] > 2 * few["tasks"] > 0
    assert f"{many['events']:,} events, {many['filings']:,} filings" in said
    assert [file.name for file in tmp_path.iterdir()] == ["found.json"]


def test_what_does_something_else_is_no_skeleton_and_no_peer() -> None:
    product = History(100, 1000, {"MARKER_RECORDED": 11, "WORKFLOW_TASK_STARTED": 14})
    compare(product, History(104, 1000, {"MARKER_RECORDED": 11, "WORKFLOW_TASK_STARTED": 15}))
    for events, kinds in ((100, {"MARKER_RECORDED": 10}), (105, {"MARKER_RECORDED": 11}), (100, dict[str, int]())):
        with pytest.raises(DifferentShapeError):
            compare(product, History(events, 1000, kinds))
    compare_appends([["submit", "issue"], ["capture"]], [["submit", "issue"], ["capture"]])
    with pytest.raises(DifferentShapeError):
        compare_appends([["submit", "issue"], ["capture"]], [["submit"], ["capture"]])


def measured(side: str, filings: int, seconds: float, **cpu_ms: float) -> Round:
    filed = Filed(("filing", "payment"), {"submit": 0.02, "decide": 0.01})
    return Round(side, 10, (filed,) * filings, seconds, cpu_ms or {"worker": 50.0})


def test_cpu_is_compared_whole_and_by_process_over_all_filings() -> None:
    """The total includes the CPU of a process that only one of the two systems has."""
    rounds = [
        measured("product", 30, 10, worker=60, server=40, postgresql=0),
        measured("before", 10, 10, worker=100, server=100, postgresql=0),
        measured("product", 10, 10, worker=20, server=40, postgresql=0),
        measured("before", 10, 10, worker=40, server=100, postgresql=0, bank=60),
    ]
    [result] = compared(rounds)
    ratios = result.ratios["before"]
    assert ratios.cpu.pooled == pytest.approx(90 / 200)
    assert ratios.cpu.median == pytest.approx((100 / 200 + 60 / 200) / 2)
    assert ratios.cpu_by["worker"].pooled == pytest.approx(50 / 70)
    assert ratios.cpu_by["worker"].median == pytest.approx((0.6 + 0.5) / 2)
    assert str(ratios.cpu_by["postgresql"]) == "– (median –)"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    checkout = tmp_path / "other"
    has_python(checkout)
    (checkout / "benchmarks").mkdir()
    (checkout / "benchmarks" / "__init__.py").touch()
    return checkout


def test_files_are_measured_beside_a_plain_copy_of_the_same(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "files", "--files", "30", "--size", "0.1")
    files, rounds = found["files"], found["files"]["rounds"]
    assert (files["files"], files["size"]) == (30, 100_000)
    assert {len(times) for side in rounds.values() for times in side.values()} == {10}
    assert files["by_cpu"] == pytest.approx(sum(rounds["copy"]["cpu"]) / sum(rounds["attach"]["cpu"]))
    assert "memory: " in said


async def test_code_of_another_folder_is_never_measured_instead(other: Path) -> None:
    """The other folder's `benchmarks` has no `__init__`; Python would import the package of the installed checkout."""
    (other / "benchmarks" / "__init__.py").unlink()
    (other / "benchmarks" / "stage.py").touch()
    with pytest.raises(AskedError, match="would be measured, which is not of"):
        async with elsewhere(other):
            pass


@pytest.mark.parametrize(
    ("missing", "said"),
    [(".venv/bin/python", "run: make -C {} setup"), ("benchmarks/stage.py", "{} is no checkout of this project")],
)
def test_what_can_not_be_played_is_refused_at_once(other: Path, missing: str, said: str) -> None:
    (other / "benchmarks" / "stage.py").touch()
    (other / missing).unlink()
    ended = benchmark("engine", "--against", other)
    assert (ended.returncode, said.format(other) in ended.stderr) == (2, True)


def test_calls_over_http_are_measured_against_the_kits_and_against_constants(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "door", "--rounds", "1", "--seconds", "1")
    assert {mine: one["to"] for mine, one in found["ratios"].items()} == {
        "submission, HTTP": "submission, kit",
        "view of a filing": "constant of that size",
        "task page": "constant of the page's size",
    }
    assert found["calls"]["submission, HTTP"]["cpu_ms"]["worker"] > 0
    assert all(found["calls"][call]["cpu_ms"]["door"] > 0 for call in found["calls"] if call != "submission, kit")
    assert 1_200 < found["sizes"]["view of a filing"] < 2_000 < found["sizes"]["task page"]
    assert re.search(r"^task page to constant of the page's size: \d+\.\d\d ", said, re.MULTILINE), said


def test_whether_a_filing_exists_is_guessed_by_time(tmp_path: Path) -> None:
    found, said = found_by(tmp_path, "existence", "--pairs", "20")
    kinds = {f"{kind} of an {who}" for kind in ("question", "command") for who in ("applicant", "officer")}
    assert set(found["kinds"]) == kinds
    assert all((one["pairs"], 0 <= one["right"] <= 1) == (20, True) for one in found["kinds"].values())
    assert len(re.findall(r"% of guesses right, wanted at most 55%", said)) == 4


@pytest.mark.parametrize(("foreign", "right"), [(0.004, 1.0), (0.0025, 0.75), (0.001, 1.0), (0.003, 0.5)])
def test_what_a_guess_by_time_is_worth_is_counted_on_pairs_that_it_was_not_chosen_by(
    foreign: float, right: float
) -> None:
    pairs = [(foreign, 0.002 if n % 2 and foreign == 0.0025 else 0.003) for n in range(100)]
    guess = best(pairs[:50])
    assert guess.right(pairs[50:]) == right
