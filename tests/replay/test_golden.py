"""Golden histories show every pair of neighbouring commands, and replay under stricter and under looser rules, too.

`make golden` plays the demo's scenarios and writes the histories anew. The commit states the reason, which after v0.1
must be a new build.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from motcua.tracing.interceptor import Tracing
from rules.filing.commands import RULES
from rules.rule import ANYBODY
from schemas.base import Text
from schemas.errors import Problem
from tests.collector import in_memory
from tests.replay.conftest import FILES, PAIRS, replay
from tests.replay.fingerprint import neighbours
from tests.walking import walked


def refuse_all(*_: Any) -> Problem | None:
    """A rule that refuses everything."""
    return Problem(field="", rule="no_longer_allowed", message=Text(vi="không còn được phép", en="no longer allowed"))


def allow_all(*_: Any) -> Problem | None:
    """A rule that allows everything."""
    return None


def test_every_pair_of_neighbouring_commands_has_its_history() -> None:
    pairs = {tuple(line.split(" / ")) for line in PAIRS.read_text(encoding="utf-8").splitlines()}
    assert len(pairs) > 500
    assert set().union(*map(neighbours, FILES)) == pairs


@walked("file", FILES, ids=lambda file: file.name.removesuffix(".history.json"), at_least=75, parts=8)
@walked("rule", [None, refuse_all, allow_all], ids=["today", "stricter", "looser"], exactly=3)
async def test_a_history_replays_to_the_state_it_had(
    file: Path, rule: Callable[..., Problem | None] | None, states: dict[str, Any]
) -> None:
    states.clear()
    with pytest.MonkeyPatch.context() as monkeypatch:
        if rule is not None:
            for kind in RULES:
                monkeypatch.setitem(RULES, kind, replace(RULES[kind], who=ANYBODY, when=rule))
        spans, made = in_memory()
        await replay(file, *([] if rule is None else [Tracing(spans)]))  # traced under any other rule
    assert made() == []
    assert states.get("state") == json.loads(
        file.with_name(file.name.replace(".history.", ".state.")).read_text(encoding="utf-8")
    )
