"""Makes the bank's callbacks, and makes them again while nobody says that they were heard."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import httpx

from sandbox.bank.wired import WiredLedger
from sandbox.store import TICK_S

_TIMEOUT_S: Final = 10.0
_LONGEST: Final = 500

Answer: TypeAlias = tuple[int, str]
"""The status and the beginning of the body; 0 and what went wrong if there was none."""


class Sender:
    """`base` is the address under which each wire has its own: `base/vnpay` and so on; `way` leads there, or HTTP."""

    def __init__(self, ledger: WiredLedger, base: str, way: httpx.AsyncBaseTransport | None = None) -> None:
        self._ledger = ledger
        self._base = base
        self._way = way

    async def forever(self) -> None:
        sending: set[asyncio.Task[Answer]] = set()
        async with self._client() as client:
            while True:
                for row in self._due():
                    sending.add(task := asyncio.create_task(self._send(client, row)))
                    task.add_done_callback(sending.discard)
                await asyncio.sleep(TICK_S)

    async def once(self) -> None:
        """Make those that are due, and wait for what is answered."""
        async with self._client() as client:
            await asyncio.gather(*(self._send(client, row) for row in self._due()))

    async def call(self, n: int) -> Answer:
        """Make one, again if it was made before. `ProblemError` 404: there is none."""
        async with self._client() as client:
            return await self._send(client, self._ledger.callback(n))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=_TIMEOUT_S, transport=self._way, trust_env=False)

    def _due(self) -> list[Mapping[str, Any]]:
        try:
            return list(self._ledger.callbacks_due())
        except sqlite3.OperationalError:
            return []  # a full disk passes, and they are still due

    async def _send(self, client: httpx.AsyncClient, row: Mapping[str, Any]) -> Answer:
        call = json.loads(row["call"])
        url = f"{self._base}/{row['wire']}" + (f"?{call['query']}" if call["query"] else "")
        try:
            answer = await client.request(
                call["method"], url, content=call["body"].encode() or None, headers=call["headers"]
            )
            status, said = answer.status_code, answer.text[:_LONGEST]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            status, said = 0, type(error).__name__
        self._ledger.callback_answered(row["n"], row["wire"], status, said)
        return status, said
