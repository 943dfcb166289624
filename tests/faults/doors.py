"""A door in a process of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from sandbox.issuer import issuers_setting
from tests.conftest import World
from tests.doors import DOOR
from tests.faults.processes import WorkerProcess, worker_process
from tests.sandboxes import free_port
from tests.speaking import private_pem

PORTAL: Final = "portal-of-citizens"
PERSON: Final = "nguyen-van-an"


@asynccontextmanager
async def door(world: World, folder: Path, issuer: str) -> AsyncIterator[tuple[WorkerProcess, httpx.AsyncClient]]:
    """Runs a door as a process; yields it, and a citizen's HTTP client for it."""
    port = free_port()
    own = {
        "MOTCUA_DOOR_PORT": str(port),
        "MOTCUA_ISSUERS": issuers_setting(issuer, [PORTAL]),
        "MOTCUA_IDENTITY_PRINCIPAL": "door-1",
        "MOTCUA_IDENTITY_KEY": private_pem(DOOR).decode(),
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        token = (await client.post(f"{issuer}/dev/token", data={"person": PERSON, "client": PORTAL})).json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    async with (
        worker_process(world.process_env | own, folder, "gateway.door.server") as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False) as caller,
    ):
        yield process, caller
