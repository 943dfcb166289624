"""What an agency's seal on a paper costs, with the sandbox trust: its signer, time-stamp and revocation answers."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from activities.partners.signer import Holding
from deploy.trial_signature import signed_as

_AGENCY: Final[tuple[Holding, str, str]] = ("organisation", "0101234567", "Ủy ban nhân dân phường Hồng Hà")
_FIELD: Final = "Seal"
_START_S: Final = 60.0


async def sealed(papers: Sequence[bytes], folder: Path, progress: Callable[[int], None]) -> float:
    """Seconds that each paper takes to be sealed, one after the other. `progress` is told how many are done."""
    async with _trust(folder) as address:
        await signed_as(address, _AGENCY, papers[0], _FIELD)
        began = time.perf_counter()
        for paper in papers:
            await signed_as(address, _AGENCY, paper, _FIELD)
            progress(1)
        return (time.perf_counter() - began) / len(papers)


@asynccontextmanager
async def _trust(folder: Path) -> AsyncIterator[str]:
    """The sandbox trust in a process of its own."""
    port = _free_port()
    command = ("-m", "deploy.sandbox.trust", "--port", str(port), "--data", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    address = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(_START_S):
            await _up(address)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _up(address: str) -> None:
    async with httpx.AsyncClient() as client:
        while True:
            try:
                (await client.get(f"{address}/root.pem")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
