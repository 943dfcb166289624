"""Two files show a supervisor whether a process is ready, and whether its event loop runs."""

import asyncio
from pathlib import Path

import pytest

from motcua import health
from motcua.health import keep_health


async def test_the_files_are_touched_as_long_as_the_process_works_and_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "EVERY", 0.001)
    ready, alive = tmp_path / "ready", tmp_path / "ready.alive"
    answers, seen = [True, True, False, False], list[tuple[bool, bool]]()
    over = asyncio.Event()

    async def works() -> bool:
        seen.append((ready.exists(), alive.exists()))
        for file in (ready, alive):
            file.unlink(missing_ok=True)
        if len(seen) == len(answers) + 1:
            over.set()
        return len(seen) <= len(answers) and answers[len(seen) - 1]

    keeping = asyncio.create_task(keep_health(str(ready), works))
    await asyncio.wait_for(over.wait(), 10)
    keeping.cancel()
    assert seen[: len(answers) + 1] == [(False, True), (True, True), (True, True), (False, True), (False, True)]


async def test_without_a_file_nothing_is_looked_at() -> None:
    await asyncio.wait_for(keep_health(None), 1)
    await asyncio.wait_for(keep_health(""), 1)
