"""`motcua demo` on a stack of its own: right runs end with 0, a run that differs in one place with 1."""

from __future__ import annotations

import asyncio
import re
import signal
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from console.home import CODEC, Home
from demo.scenario import SCENARIOS, load, mix
from schemas.filing.state import Closing
from schemas.level import Level
from tests.conftest import ROOT
from tests.integration.deploy.demos import (
    QUICK,
    demo,
    in_temporals_files,
    no_canary,
    start,
    up_in_a_folder,
    wait_until_up,
    written,
)
from tests.printed import raw_text


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in which `motcua up` runs."""
    with up_in_a_folder() as path:
        yield path


def test_filings_that_end_as_they_must_give_0_and_leave_no_personal_data(folder: Path) -> None:
    code, result, said = demo(folder, written(*QUICK), "--files", "left")

    assert code == 0, said
    assert result["ok"] is True
    assert result["ledger"]["verified"] is True
    assert result["bank"] == {"paid_fees": 2, "captures": 2, "one_capture_each": True}
    by_name = {row["scenario"]: row for row in result["filings"]}
    assert set(by_name) == set(QUICK)
    assert by_name["level-1-online"]["code"] is None
    assert by_name["level-1-online"]["refusal"] == ["channel_not_allowed_at_level"]
    posted = by_name["level-4-post"]
    assert (posted["path"], posted["status"], posted["fee"], posted["fee_channel"], posted["handed_over"]) == (
        [1, 2, 6, 4, 9, 10],
        10,
        8000,
        "online",
        "post",
    )
    assert posted["code"] in said
    agency, day, _ = posted["code"].split("-")
    label = raw_text((folder / "left" / posted["code"] / "label.pdf").read_bytes(), "Trang số")
    assert re.search(r"Số hiệu bưu gửi: E\d{9}VN", label)
    assert posted["code"] in label
    kept = raw_text((folder / "left" / "register" / f"{agency}-{day[:4]}-{day[4:6]}.pdf").read_bytes(), "Trang số")
    assert posted["code"] in "".join(kept.split())
    assert "Dòng thời gian" in said
    asyncio.run(no_canary(folder, said))
    assert in_temporals_files(folder) > 10, "what is not sealed stands there readable"


def test_every_part_of_an_expectation_counts(folder: Path) -> None:
    changes: list[tuple[str, object, str]] = [
        ("path", [1, 2, 4, 6, 9, 10], "path: expected [1, 2, 4, 6, 9, 10], found [1, 2, 6, 4, 9, 10]"),
        ("level", 3, "level: expected 3, found 4"),
        ("status", 9, "status: expected 9, found 10"),
        ("closing", "withdrawn", "closing: expected withdrawn, found delivered"),
        ("outcome", "refused", "outcome: expected refused, found approved"),
        ("fee", {"amount": 8000, "channel": "online", "state": "paid"}, "fee: expected 8000, found 24000"),
        (
            "fee",
            {"amount": 24000, "channel": "counter", "state": "paid"},
            "fee channel: expected counter, found online",
        ),
        ("result_channel", "post", "result channel: expected post, found online"),
        ("handed_over", "post", "handed over: expected post, found online"),
    ]
    scenarios = written(*["level-4-online"] * len(changes), "instant-birth")
    for n, (scenario, (part, value, _)) in enumerate(zip(scenarios, changes, strict=False)):
        scenario["name"] = f"changed-{n}"
        scenario["expected"][part] = value

    refused, filed = written("level-1-online", "instant-birth")
    refused["refused"]["rules"] = ["signature_required"]
    filed["name"], filed["refused"] = "filed", {"code": "bad_submission", "rules": ["x"], "points_to": "x"}
    del filed["expected"]

    code, result, words = demo(folder, [*scenarios, refused, filed])

    assert (code, result["ok"], changes[0][2] in words) == (1, False, True)
    assert "there is a filing, but the submission had to be refused" in result["filings"][-1]["problems"]
    for row, (_, _, difference) in zip(result["filings"], changes, strict=False):
        assert difference in row["problems"]
    assert [row["ok"] for row in result["filings"]] == [*[False] * len(changes), True, False, False]


def test_up_serves_temporals_web_ui(folder: Path) -> None:
    env = Home(folder / ".motcua").read_env()
    assert env is not None
    assert httpx.get(env["MOTCUA_TEMPORAL_UI_URL"]).is_success


def test_ctrl_c_stops_the_stack_that_the_demo_brought_up() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        path = Path(name).resolve()
        running = start("demo", folder=path)
        wait_until_up(path)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)

        assert running.returncode == 130, said
        assert "Traceback" not in said
        assert [file.name for file in (path / ".motcua" / "run").glob("*.pid")] == []
        assert not (path / ".motcua" / "run" / "env").exists()


def test_a_sealed_demo_ends_as_it_must_and_temporal_keeps_nothing_readable() -> None:
    with up_in_a_folder(**{CODEC: "on"}) as folder:
        code, result, said = demo(folder, written(*QUICK))
        assert code == 0, said
        assert result["ok"] is True
        assert {row["scenario"] for row in result["filings"]} == set(QUICK)
        asyncio.run(no_canary(folder, said))
        assert in_temporals_files(folder) == 0


def test_a_mix_holds_every_scenario_and_is_the_same_for_the_same_seed() -> None:
    every = load(SCENARIOS)
    chosen = mix(every, 200, seed=1)

    assert len(chosen) == 200
    assert {scenario.name for scenario in chosen} == {scenario.name for scenario in every}
    assert chosen == mix(every, 200, seed=1) != mix(every, 200, seed=2)
    assert mix(every, None, seed=1) == list(every)
    assert len(mix(every, 3, seed=1)) == 3


def test_the_scenarios_file_covers_every_procedure_and_level() -> None:
    every = load(SCENARIOS)

    assert {scenario.procedure for scenario in every} == {
        file.name.partition("@")[0] for file in (ROOT / "procedures").glob("*.yaml")
    }
    told = [scenario.expected for scenario in every if scenario.expected]
    assert {expected.level for expected in told} == set(Level)
    assert {expected.closing for expected in told} == set(Closing)
    moves = {(0, 1)} | {move for expected in told for move in pairwise(map(int, expected.path))}
    assert moves >= TRANSITIONS


TRANSITIONS = {
    *((0, 1), (1, 2), (1, 3), (1, 5), (1, 7), (2, 4), (2, 6), (2, 7)),
    *((4, 5), (4, 6), (4, 7), (4, 8), (4, 9), (5, 1), (5, 3), (5, 4), (5, 7), (5, 8)),
    *((6, 4), (6, 7), (6, 8), (8, 4), (8, 7), (9, 10), (3, 1), (10, 4)),
}
"""Every change of status that the law's table knows, what lapses, and what a complaint begins again."""
