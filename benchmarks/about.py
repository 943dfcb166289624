"""The circumstances of a measurement: machine, versions, commit."""

from __future__ import annotations

import asyncio
import os
import platform
from asyncio.subprocess import DEVNULL, PIPE
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from benchmarks.stage import Scene

_LIBRARIES: Final = ("temporalio", "pydantic", "asyncpg", "dbos")


def machine() -> dict[str, str]:
    """Returns the kind of system, and its number of cores."""
    return {"system": platform.system(), "processor": platform.machine(), "cores": str(os.cpu_count())}


async def versions(on: Scene) -> dict[str, str]:
    """Returns the versions of Python, the libraries and both servers."""
    connection = await asyncpg.connect(on.dsn)
    try:
        postgresql: str = await connection.fetchval("show server_version")
    finally:
        await connection.close()
    server = await on.client.workflow_service.get_system_info(GetSystemInfoRequest())
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "Temporal": server.server_version,
        "PostgreSQL": postgresql,
    }


async def commit(checkout: Path) -> str:
    """Returns the checked-out commit, with `-dirty` if files differ from it; empty if git can't tell."""
    try:
        asked = await asyncio.create_subprocess_exec(
            *("git", "-C", checkout, "describe", "--always", "--dirty", "--exclude=*"), stdout=PIPE, stderr=DEVNULL
        )
    except FileNotFoundError:
        return ""
    said, _ = await asked.communicate()
    return said.decode().strip()
