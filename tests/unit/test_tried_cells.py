"""The counts of commands tried under kills add up over several runs, and name the untried pairs."""

from __future__ import annotations

from pathlib import Path

from tests.faults.heard.figures import Fault, Figures, Kill, Way

CELL = ("filing.accept", Kill.TAKEN, Fault.RULES)


def test_an_earlier_run_counts_and_what_is_missing_is_named(tmp_path: Path) -> None:
    file, figures = tmp_path / "heard.json", Figures()
    figures.cells[CELL] = 2
    figures.faults["filing.accept"] = {Fault.RULES, Fault.ROLE}
    figures.ways[Kill.TAKEN, Way.NEW] = 2
    figures.violations.append("of then")
    file.write_text(figures.as_json(), encoding="utf-8")
    again = Figures()
    for _ in range(2):
        again.resume(file)
    assert (again.cells, again.faults, again.ways) == ({CELL: 4}, figures.faults, {(Kill.TAKEN, Way.NEW): 4})
    assert again.violations == []
    first, *lines = again.summary().splitlines()
    assert first == "cells: 1 of 10, 4 tries"
    seen = [line for line in lines if line[0] != " " and "not given" not in line]
    assert seen == ["command x kill: 1 of 5", "command x fault: 1 of 2", "kill x fault: 1 of 10"]
    assert "  missing: filing.accept: role taken" in lines
    assert "  missing: taken, not appended: rules changed" not in lines
    assert "filing.decide" in lines[-1]
    assert "filing.accept" not in lines[-1]
