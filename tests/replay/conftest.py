"""Replays recorded histories, and reads the resulting states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor, Replayer

from motcua.payloads.converter import data_converter
from workers.memory import ForgettingRunner
from workers.wiring import WORKFLOWS
from workflows.stream.recording import Stream

HISTORIES: Final = Path(__file__).parent / "histories"
FILES: Final = sorted(HISTORIES.glob("*.history.json"))
PAIRS: Final = HISTORIES / "pairs.txt"
"""The file of every pair of successive commands in the histories of the demo."""
COUNTED: Final = "level-4-online."
"""The beginning of the name of the histories whose events are counted."""


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    adopt = Stream._adopt

    def watched(self: Stream[Any], *answer: Any) -> None:
        adopt(self, *answer)
        seen["state"] = self.state.model_dump(mode="json", exclude_none=True)

    monkeypatch.setattr(Stream, "_adopt", watched)
    return seen


async def replay(file: Path, *interceptors: Interceptor) -> None:
    """Replays one history with the runner of `motcua worker`, which lets a test read the workflow's state."""
    text = file.read_text(encoding="utf-8")
    history = WorkflowHistory.from_json(json.loads(text)["workflow_id"], json.loads(text)["history"])
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=data_converter,
        workflow_runner=ForgettingRunner(),
        interceptors=interceptors,
    )
    await replayer.replay_workflow(history)
