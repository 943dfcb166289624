"""Deletes one workflow or Temporal's whole database; the workflows are then restarted from the log."""

import json
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from console.database import connected
from console.home import Home
from tests.acting import eventually
from tests.conftest import World
from tests.faults.processes import ENV, motcua

Lose = Callable[[World, str], Awaitable[None]]


async def terminate(world: World, workflow_id: str) -> None:
    await world.temporal.get_workflow_handle(workflow_id).terminate()


async def cancel(world: World, workflow_id: str) -> None:
    handle = world.temporal.get_workflow_handle(workflow_id)
    await handle.cancel()
    await eventually(handle.describe, lambda found: found.status is WorkflowExecutionStatus.CANCELED)


async def delete(world: World, workflow_id: str) -> None:
    request = DeleteWorkflowExecutionRequest(
        namespace=world.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
    )
    await world.temporal.workflow_service.delete_workflow_execution(request)

    async def there() -> bool:
        try:
            await world.temporal.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 -- what is waited for
            return False
        return True

    await eventually(there, lambda found: not found)


LOSSES: Final[dict[str, Lose]] = {"terminated": terminate, "cancelled": cancel, "deleted": delete}
WORKERS: Final = ("worker", "back-office")
"""The workers: they must restart when Temporal is restored from a copy, since their caches are newer than the copy."""


async def counted(env: dict[str, str], what: str) -> int:
    async with connected(env["MOTCUA_DATABASE_URL"]) as connection:
        return int(await connection.fetchval(f"select count(*) from {what}"))  # noqa: S608 -- ours


async def lose_all(home: Home, left: bytes | None = None) -> None:
    """Deletes the files of the running server, and kills it: the next one begins empty, or with the database `left`."""
    for file in (home.root / "temporal").glob("temporal.db*"):
        file.unlink()
    if left is not None:
        (home.root / "temporal" / "temporal.db").write_bytes(left)
    for part in ("temporal", *(WORKERS if left is not None else ())):
        os.kill(int(home.pid_file(part).read_text(encoding="utf-8")), signal.SIGKILL)


def copied(home: Home) -> bytes:
    """Returns a consistent copy of Temporal's present database."""
    with (
        closing(sqlite3.connect(home.root / "temporal" / "temporal.db")) as running,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        running.backup(copy)
        return copy.serialize()


async def restart_all(folder: Path, what: str = "--all-missing") -> dict[str, Any]:
    ended = await motcua(ENV, "filing", "restart", what, "--json", folder=folder)
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found
