"""Histories that no quiet run makes: kept as they were found, by what they once broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replay.conftest import replay

ODD = sorted(Path(__file__).with_name("odd").glob("*.history.json"))


@pytest.mark.parametrize("file", ODD, ids=lambda file: file.name.removesuffix(".history.json"))
async def test_an_odd_history_replays(file: Path) -> None:
    """`timer-before-update`: a query ran the timer before the Update that came with its task (ADR 0007)."""
    await replay(file)


def test_there_are_some() -> None:
    assert ODD
