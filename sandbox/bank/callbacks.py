"""Sends the bank's callbacks, and repeats each until it is acknowledged or was sent often enough."""

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
"""The HTTP status and the beginning of the body; if no answer came, 0 and the name of the error."""


class Sender:
    """Sends callbacks. `base`: the start of their addresses, to which the provider's name is added: `base/vnpay`."""

    def __init__(self, ledger: WiredLedger, base: str) -> None:
        self._ledger = ledger
        self._base = base

    async def forever(self) -> None:
        sending: set[asyncio.Task[Answer]] = set()
        async with self._client() as client:
            while True:
                for row in self._due():
                    sending.add(task := asyncio.create_task(self._send(client, row)))
                    task.add_done_callback(sending.discard)
                await asyncio.sleep(TICK_S)

    async def once(self) -> None:
        """Sends the callbacks that are due, and waits for their answers."""
        async with self._client() as client:
            await asyncio.gather(*(self._send(client, row) for row in self._due()))

    async def call(self, n: int) -> Answer:
        """Sends the callback numbered `n`, even if it was sent before. Raises `ProblemError` 404 if there is none."""
        async with self._client() as client:
            return await self._send(client, self._ledger.callback(n))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)

    def _due(self) -> list[Mapping[str, Any]]:
        try:
            return list(self._ledger.callbacks_due())
        except sqlite3.OperationalError:
            return []  # a full disk is temporary, and the callbacks stay due

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
