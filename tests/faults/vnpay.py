"""A VNPay bank without callbacks: payments at it, and its refunds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import Play, eventually
from tests.sandboxes import Server


@contextmanager
def vnpay(folder: Path) -> Iterator[Server]:
    """Runs a VNPay bank without callbacks."""
    with Server("bank", folder / "bank", "--pay-after", "0.3") as server:
        yield server


async def approve(play: Play, before: Callable[[], None] = lambda: None) -> None:
    """Requests a refund of 6,000 đồng, calls `before`, and approves the refund as another officer."""
    why: dict[str, Any] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=6_000, **why)
    before()
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)


async def given(bank: Server) -> list[int]:
    return [refund["amount"] for order in bank.client.get("/ledger").json()["orders"] for refund in order["refunds"]]


async def paid(play: Play) -> None:
    """Pays on VNPay's page, and waits until the filing records it."""
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    url = (await play.world.client.payment(play.filing)).pay_url or ""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        (await browser.post((await browser.get(url)).url, data={"payer": "0001"})).raise_for_status()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
