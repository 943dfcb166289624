"""Ends the workflows that are still open after a round.

It imports nothing of the project: `benchmarks/driver.py` also uses this very file for other checkouts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

_AT_ONCE: Final = 20


async def end(client: Client, workflows: Iterable[str]) -> None:
    """Terminate payments, which would watch for late money for three days, before the other side's turn."""
    some = asyncio.Semaphore(_AT_ONCE)

    async def one(workflow_id: str) -> None:
        async with some:
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(workflow_id).terminate("the benchmark has seen enough")

    await asyncio.gather(*(one(each) for each in workflows))
