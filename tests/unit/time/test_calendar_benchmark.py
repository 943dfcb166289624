"""`python -m benchmarks calendar`: it runs, and says how fast due dates are projected."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.calendar import MANY


def test_it_says_how_long_a_hundred_thousand_due_dates_take_a_core(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    ended = CliRunner().invoke(app, ["calendar", "--json", str(file)])
    assert ended.exit_code == 0, ended.output
    measured = json.loads(file.read_text(encoding="utf-8"))
    assert measured["cases"] == MANY == 100_000
    assert measured["seconds"] > 0
    assert len(measured["rounds"]) == 5
    assert f"100,000 due dates in {measured['seconds']:.2f} s of one core" in ended.stdout
