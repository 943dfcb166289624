"""The door fits its OpenAPI document for any request: schemathesis over all operations."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from publishing.authoring.procedures import PROCEDURES, publish
from tests.conftest import World
from tests.doors import Entrance, entrance, filed, open_to_all, register_door
from tests.locked import locked

SETTINGS: Final = Path(__file__).with_name("schemathesis.toml")
HOOKS: Final = SETTINGS.with_name("schemathesis_hooks.py")
PROGRAM: Final = Path(sys.executable).with_name("schemathesis")


@pytest.fixture
async def there(world: World) -> AsyncIterator[Entrance]:
    await register_door(world)
    await publish(world.owner_dsn, PROCEDURES / "1.000656@2026-12.yaml")
    async with locked(world) as closed, closed.back_office(), entrance(closed) as opened:
        yield opened


async def test_whatever_is_sent_is_answered_as_the_document_says(there: Entrance, tmp_path: Path) -> None:
    filing, _ = await filed(there)
    officer, citizen = there.officer("reception"), there.citizen("an")  # the door's clock stands still
    await fits(there, tmp_path, filing, officer)
    await fits(there, tmp_path, filing, citizen, "--include-path-regex", "^/v1/drafts")


async def fits(there: Entrance, tmp_path: Path, filing: str, who: dict[str, str], *beside: str) -> None:
    token = who["authorization"]
    async with open_to_all(there.door) as url:
        command = [PROGRAM, "--config-file", SETTINGS, "run", f"{url}/v1/openapi.json", "-H", f"Authorization: {token}"]
        command += [*beside]
        environment = os.environ | {"FILING": filing, "SCHEMATHESIS_HOOKS": str(HOOKS)}
        pipe = asyncio.subprocess.PIPE
        run = await asyncio.create_subprocess_exec(*map(str, command), cwd=tmp_path, env=environment, stdout=pipe)
        report, _ = await run.communicate()
    assert run.returncode == 0, report.decode()
