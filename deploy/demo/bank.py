"""The bank's own word: how often it took money for each filing, asked over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx

from deploy.demo.insisting import PATIENCE
from deploy.demo.player import Played
from schemas.ids import fee_key

PAUSE: Final = 0.5


@dataclass(frozen=True)
class Money:
    """What the bank took for the filings of a run. `problems` are by filing."""

    paid_filings: int
    captures: int
    problems: Mapping[UUID, list[str]]

    @property
    def one_capture_each(self) -> bool:
        """Whether every filing to be paid online was paid exactly once, in full, and no other at all."""
        return not self.problems and self.captures == self.paid_filings


async def ask(bank_url: str, run: Sequence[Played]) -> Money:
    """The bank's ledger, held against what the scenarios say of each filing's money."""
    orders = await _orders(bank_url)
    taken = {played.filing_id: _captures(orders, played.filing_id) for played in run}
    problems: dict[UUID, list[str]] = defaultdict(list)
    for played in run:
        if (wrong := _wrong(played, taken[played.filing_id])) is not None:
            problems[played.filing_id].append(wrong)
    return Money(
        paid_filings=sum(played.scenario.pays_online for played in run),
        captures=sum(len(captures) for captures in taken.values()),
        problems=problems,
    )


def _wrong(played: Played, captures: list[int]) -> str | None:
    expected = played.scenario.expected
    fee = expected.fee if expected else None
    wanted = [fee.amount] if fee and played.scenario.pays_online else []
    return None if captures == wanted else f"bank: expected captures {wanted}, found {captures}"


def _captures(orders: Mapping[str, Any], filing: UUID) -> list[int]:
    """The amounts the bank took for a filing. It asks for money once, and once more after a waiver."""
    asked = (orders.get(fee_key(filing, n), {"captures": []}) for n in (1, 2))
    return [capture["amount"] for order in asked for capture in order["captures"]]


async def _orders(bank_url: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(base_url=bank_url, timeout=10) as client:
        while True:
            try:
                answer = (await client.get("/ledger")).raise_for_status()
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                return {order["key"]: order for order in answer.json()["orders"]}
