"""The circumstances of a measurement: the machine, the versions of the software, and the commit."""

from __future__ import annotations

import asyncio
import os
import platform
from asyncio.subprocess import DEVNULL, PIPE
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from console.database import connected


class Platform(Protocol):
    """A platform that runs, such as a `benchmarks.stage.Scene`."""

    @property
    def client(self) -> Client:
        """A client of the platform's Temporal."""

    @property
    def dsn(self) -> str:
        """The address of the platform's record."""


def machine() -> dict[str, str]:
    return {"system": platform.system(), "processor": platform.machine(), "cores": str(os.cpu_count())}


async def versions(on: Platform) -> dict[str, str]:
    async with connected(on.dsn) as connection:
        postgresql: str = await connection.fetchval("show server_version")
    server = await on.client.workflow_service.get_system_info(GetSystemInfoRequest())
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in ("temporalio", "pydantic", "asyncpg", "dbos")},
        "Temporal": server.server_version,
        "PostgreSQL": postgresql,
    }


async def commit(checkout: Path) -> str:
    """Returns the checked-out commit, with `-dirty` if files differ from the commit; empty if git can't tell."""
    try:
        asked = await asyncio.create_subprocess_exec(
            *("git", "-C", checkout, "describe", "--always", "--dirty", "--exclude=*"), stdout=PIPE, stderr=DEVNULL
        )
    except FileNotFoundError:
        return ""
    said, _ = await asked.communicate()
    return said.decode().strip()
