"""Plays filings on DBOS, as `benchmarks/peer/asked.py` requests: `python -m benchmarks.peer.player PID`.

PID is PostgreSQL's process id. DBOS is a library, so this one process has the clients and also runs the workflows.
That saves DBOS the network hop that a client of the product has.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import asyncpg
import uvloop
from dbos import DBOS, SetWorkflowID

from benchmarks.board import Board
from benchmarks.load import Round, measure
from benchmarks.peer.asked import Answers
from benchmarks.peer.process import DSN, NAME
from benchmarks.peer.workflows import Database, filing, filing_id, payment_id
from benchmarks.sides import PROCEDURE, STEPS, Filed, Timed, commands
from benchmarks.skeleton.steps import TABLE, appended
from workers.memory import settle

_CALL: Final = 10
"""Seconds to wait for a command's receipt."""
_POOL: Final = 10
"""Database connections for appends, as many as the product's worker has (`workers/settings.py`). DBOS has its own."""


class Peer:
    """The DBOS side: makes the same calls as the skeleton's client."""

    name = NAME

    def __init__(self, board: Board) -> None:
        self._board = board

    async def file(self) -> Filed:
        timed = Timed()
        number = str(uuid4())
        stream = filing_id(number)

        async def act(kind: str, role: str) -> None:
            await timed.call(kind, _command(stream, {"command_id": f"{kind}-{role}", "step": kind, "actor": role}))

        await timed.call("submit", _submit(stream, {"filing": number, "procedure": PROCEDURE}))
        await commands(act, self._board, stream)
        return Filed((stream, payment_id(number)), timed.seconds)


async def _submit(stream: str, start: dict[str, Any]) -> None:
    with SetWorkflowID(stream):
        await DBOS.start_workflow_async(filing, start)
    await _receipt(stream, "submit")


async def _command(stream: str, command: dict[str, Any]) -> None:
    await DBOS.send_async(stream, command, idempotency_key=f"{stream}:{command['command_id']}")
    await _receipt(stream, command["command_id"])


async def _receipt(stream: str, command_id: str) -> None:
    if await DBOS.get_event_async(stream, command_id, timeout_seconds=_CALL) is None:
        raise TimeoutError(f"no receipt of {command_id}")


@asynccontextmanager
async def running(dsn: str) -> AsyncIterator[None]:
    """Runs DBOS on an empty database, until the block ends."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=_POOL) as pool:
        await pool.execute(TABLE)
        Database.pool = pool
        DBOS(config={"name": NAME, "system_database_url": dsn, "log_level": "WARNING"})
        DBOS.launch()
        try:
            yield
        finally:
            await asyncio.to_thread(DBOS.destroy)


async def main(postgresql: int) -> None:
    """Reports one filing's appends and the number of steps that DBOS records for it; plays the requested rounds."""
    answers = Answers()
    settle()
    dsn, processes = os.environ[DSN], {"worker": os.getpid(), "postgresql": postgresql}
    async with running(dsn), Board(dsn, STEPS) as board:
        side = Peer(board)
        filed = await side.file()
        begun = {"appends": await appended(dsn, filed.workflows), "recorded": await _recorded(filed.workflows)}

        async def play(concurrency: int, seconds: float) -> Round:
            played = await measure(side, concurrency, seconds, processes)
            await DBOS.cancel_workflows_async([payment for each in played.filed for payment in each.workflows[1:]])
            return played

        await answers.serve(begun, play)


async def _recorded(workflows: Iterable[str]) -> int:
    """Returns the number of steps of these workflows that DBOS has recorded."""
    return sum([len(await DBOS.list_workflow_steps_async(each)) for each in workflows])


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
