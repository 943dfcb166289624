"""Checks each filing's captures and refunds in the bank's own ledger, which has the orders of all its interfaces."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx

from demo.insisting import PATIENCE
from demo.player import Played
from demo.scenario import Scenario
from schemas.ids import OBLIGATIONS, fee_key, reference_of

PAUSE: Final = 0.5
_REFERENCE: Final = re.compile(r"MC[0-9A-Z]{16}")
_ASKED: Final = [(n, attempt) for n in (1, 2, 3, OBLIGATIONS + 1) for attempt in (1, 2)]
"""The possible money requests (payment, attempt): up to three fees, and a tax; up to two attempts for each."""


Json = dict[str, Any]


@dataclass(frozen=True)
class Money:
    """The online payments of a run. `paid_fees`: the expected number of captures; `captures`: the bank's number."""

    paid_fees: int
    captures: int
    problems: Mapping[UUID, list[str]]

    @property
    def one_capture_each(self) -> bool:
        """True if the bank captured every expected online payment exactly once, in full, and nothing else."""
        return not self.problems and self.captures == self.paid_fees


async def ask(bank_url: str, run: Sequence[Played]) -> Money:
    """Compares the bank's ledger with the money that the scenarios expect for each filing."""
    orders = await _orders(bank_url)
    found = {played.filing_id: _of(orders, played.filing_id) for played in run}
    problems = {played.filing_id: list(_wrong(played.scenario, found[played.filing_id])) for played in run}
    return Money(
        paid_fees=sum(len(played.scenario.paid_online) for played in run),
        captures=sum(len(_amounts(each, "captures")) for each in found.values()),
        problems={filing: wrong for filing, wrong in problems.items() if wrong},
    )


def _wrong(scenario: Scenario, orders: Sequence[Json]) -> Iterator[str]:
    if (captures := _amounts(orders, "captures")) != (wanted := list(scenario.paid_online)):
        yield f"bank: expected captures {wanted}, found {captures}"
    if (returned := sum(_amounts(orders, "refunds"))) != scenario.returned:
        yield f"bank: expected {scenario.returned} đồng given back, found {returned}"
    if (charged := sum(_amounts(orders, "chargebacks"))) != scenario.charged_back:
        yield f"bank: expected {scenario.charged_back} đồng charged back, found {charged}"


def _amounts(orders: Sequence[Json], what: str) -> list[int]:
    return [one["amount"] for order in orders for one in order.get(what, ())]


def _of(orders: Mapping[str, Json], filing: UUID) -> list[Json]:
    """Returns a filing's orders. `orders`: the orders by key or, if a provider's interface made them, by reference."""
    keys = [fee_key(filing, n, attempt) for n, attempt in _ASKED]
    return [orders[name] for key in keys for name in (key, reference_of(key)) if name in orders]


def _name(order: Json) -> str:
    """Returns the reference in an order's key or, for a bank transfer, in its description; the key if there is none."""
    told = _REFERENCE.search(f"{order['key']} {order['description']}")
    return str(order["key"]) if told is None else told[0]


async def _orders(bank_url: str) -> dict[str, Json]:
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
                return {_name(order): order for order in answer.json()["orders"]}
