"""`python -m benchmarks papers`: it runs, makes different papers on both sides, and says what it has found."""

from __future__ import annotations

import asyncio
import json

from benchmarks.documents.papers import as_json, run


def test_both_sides_are_measured_round_by_round_and_a_seal_by_itself() -> None:
    told: list[int] = []
    measured = asyncio.run(run(4, 1, told.append))
    found = json.loads(as_json(measured))["papers"]
    assert (found["papers"], sum(told)) == (4, 2 * 4 + 1)
    assert all(len(side["wall"]) == len(side["cpu"]) == 4 for side in found["rounds"].values())
    assert min(found["by_wall"], found["by_cpu"], found["seal"]) > 0
    assert "4 receipts: rendered, hashed and stored" in str(measured)
