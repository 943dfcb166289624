"""The fingerprint of each golden history: the commands of its workflow, in files that a review can read.

The histories prove that older filings still run. These files show the changes of the flow when histories are made
anew: an additional step, a missing timer, an append in another place. `make golden` writes them beside the histories.
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from tests.replay.conftest import COUNTED, FILES, HISTORIES
from tests.replay.fingerprint import commands
from tests.walking import walked

SUFFIX: Final = ".commands.txt"
MOST_EVENTS: Final = 92
MOST_TASKS: Final = 11
"""The maximum number of tasks of a level-4 filing and its payment, before the watch for late money."""
MOST_EVENTS_OF_RESULT: Final = 40
"""The maximum number of events in the history of the filing's result, which gets a signature and the seal."""


def beside(history: Path) -> Path:
    return history.with_name(history.name.replace(".history.json", SUFFIX))


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        for old in HISTORIES.glob(f"*{SUFFIX}"):
            old.unlink()
        for file in HISTORIES.glob("*.history.json"):
            beside(file).write_text("\n".join(commands(file)) + "\n", encoding="utf-8")


@walked("file", FILES, ids=lambda file: file.name.removesuffix(".history.json"), at_least=75, parts=8)
def test_a_history_makes_its_workflow_do_what_the_file_says(file: Path) -> None:
    assert commands(file) == beside(file).read_text(encoding="utf-8").splitlines()


def test_every_file_has_its_history() -> None:
    assert {file.name for file in HISTORIES.glob(f"*{SUFFIX}")} == {beside(file).name for file in FILES}


def test_every_line_is_a_command_or_its_cause_and_every_append_tells_what_it_recorded() -> None:
    every = [line for file in FILES for line in commands(file)]
    assert {line[0] for line in every} == {"<", ">"}
    assert {len(line.split()) for line in every if line.startswith("> local ledger.append")} >= {4, 5}


def test_a_filing_at_level_4_costs_no_more_than_it_may() -> None:
    files = {file.name.split(".")[1]: file for file in FILES if file.name.startswith(COUNTED)}
    assert files.keys() == {"filing", "payment", "result"}, "its officers sign"
    of = {kind: json.loads(file.read_text("utf-8"))["history"]["events"] for kind, file in files.items()}
    events = [event["eventType"] for kind in ("filing", "payment") for event in of[kind]]
    assert len(events) <= MOST_EVENTS
    assert events.count("EVENT_TYPE_WORKFLOW_TASK_COMPLETED") <= MOST_TASKS
    assert len(of["result"]) <= MOST_EVENTS_OF_RESULT
