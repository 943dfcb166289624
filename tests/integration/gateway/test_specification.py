"""The door fits its OpenAPI document for any request: schemathesis over all operations."""

import asyncio
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gateway.door.operations import OPERATIONS
from gateway.door.pages.own import OWN
from gateway.door.public.by_hand import BY_HAND
from publishing.authoring.procedures import PROCEDURES, publish
from tests.conftest import World
from tests.doors import Entrance, entrance, filed, open_to_all, register_door
from tests.locked import locked

SETTINGS: Final = Path(__file__).with_name("schemathesis.toml")
HOOKS: Final = SETTINGS.with_name("schemathesis_hooks.py")
PROGRAM: Final = Path(sys.executable).with_name("schemathesis")
DRAWN: Final = 14
"""The number of operations of which every limit is tried. For all operations, it would take 18,000 requests."""


@pytest.fixture
async def there(world: World) -> AsyncIterator[Entrance]:
    await register_door(world)
    await publish(world.owner_dsn, PROCEDURES / "1.000656@2026-12.yaml")
    async with locked(world) as closed, closed.back_office(), entrance(closed) as opened:
        yield opened


async def test_whatever_is_sent_is_answered_as_the_document_says(there: Entrance, tmp_path: Path) -> None:
    await _expect_conformance(there, tmp_path, "--phases=examples,fuzzing")


async def test_values_at_each_limit_are_answered_as_the_document_says(there: Entrance, tmp_path: Path) -> None:
    """The seed in the settings draws the tested operations; another seed draws others."""
    seed = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["seed"]
    names = sorted([one.name for one in (*OPERATIONS, *OWN)] + [one.name for one in BY_HAND])
    drawn = (f"--include-operation-id={name}" for name in Random(seed).sample(names, DRAWN))
    await _expect_conformance(there, tmp_path, "--phases=coverage", *drawn)


async def _expect_conformance(there: Entrance, folder: Path, *options: str) -> None:
    """Runs schemathesis with a filing; fails with its report if an answer does not fit the document."""
    filing, _ = await filed(there)
    callers = {"OFFICER": there.officer("reception"), "CITIZEN": there.citizen("an")}  # the door's clock stands still
    given = {name: caller["authorization"] for name, caller in callers.items()}
    async with open_to_all(there.door) as url:
        program = PROGRAM, "--config-file", SETTINGS, "run", f"{url}/v1/openapi.json", *options
        environment = os.environ | given | {"FILING": filing, "SCHEMATHESIS_HOOKS": str(HOOKS)}
        pipe = asyncio.subprocess.PIPE
        run = await asyncio.create_subprocess_exec(*map(str, program), cwd=folder, env=environment, stdout=pipe)
        report, _ = await run.communicate()
    assert run.returncode == 0, report.decode()
