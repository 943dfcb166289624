"""What was measured, and on what."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Final

import asyncpg
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from benchmarks.stage import Scene

_LIBRARIES: Final = ("temporalio", "pydantic", "asyncpg")


def machine() -> dict[str, str]:
    """The kind of system, and how many cores it has."""
    return {"system": platform.system(), "processor": platform.machine(), "cores": str(os.cpu_count())}


async def versions(on: Scene) -> dict[str, str]:
    """Of Python, the libraries and both servers."""
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
