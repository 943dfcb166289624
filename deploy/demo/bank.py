"""The bank's own word: how often it took money for each filing, asked over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx

from deploy.demo.insisting import PATIENCE
from deploy.demo.player import Played
from deploy.demo.scenario import Scenario
from schemas.ids import fee_key

PAUSE: Final = 0.5


@dataclass(frozen=True)
class Money:
    """What the bank took for the fees of a run that were to be paid online. `problems` are by filing."""

    paid_fees: int
    captures: int
    problems: Mapping[UUID, list[str]]

    @property
    def one_capture_each(self) -> bool:
        """Whether every fee to be paid online was paid exactly once, in full, and no other at all."""
        return not self.problems and self.captures == self.paid_fees


async def ask(bank_url: str, run: Sequence[Played]) -> Money:
    """The bank's ledger, held against what the scenarios say of each filing's money."""
    orders = await _orders(bank_url)
    taken = {played.filing_id: _amounts(orders, played.filing_id, "captures") for played in run}
    problems: dict[UUID, list[str]] = defaultdict(list)
    for played in run:
        returned = sum(_amounts(orders, played.filing_id, "refunds"))
        problems[played.filing_id] += _wrong(played.scenario, taken[played.filing_id], returned)
    return Money(
        paid_fees=sum(len(played.scenario.paid_online) for played in run),
        captures=sum(len(captures) for captures in taken.values()),
        problems={filing: wrong for filing, wrong in problems.items() if wrong},
    )


def _wrong(scenario: Scenario, captures: list[int], returned: int) -> Iterator[str]:
    if captures != (wanted := list(scenario.paid_online)):
        yield f"bank: expected captures {wanted}, found {captures}"
    if returned != scenario.returned:
        yield f"bank: expected {scenario.returned} đồng given back, found {returned}"


def _amounts(orders: Mapping[str, Any], filing: UUID, what: str) -> list[int]:
    """What the bank took for a filing, or gave back. It is asked once, and once more after a waiver or a supplement."""
    asked = (orders[key] for n in (1, 2) if (key := fee_key(filing, n)) in orders)
    return [one["amount"] for order in asked for one in order[what]]


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
