"""Two officers assign money without a memo to a payment."""

from __future__ import annotations

from typing import Final

from activities.ledger.vault import Vault
from operations.suspense_steps import take
from schemas.money.suspense import ApproveSuspense, AssignSuspense
from schemas.people import Actor
from tests.matrix.case import Case


async def assigned(case: Case, cashier: Actor, leader: Actor) -> None:
    """Assign and approve, as `motcua money assign` and `approve` do; the gateway's relay notifies the payment."""
    (capture,) = (await case.bank())["captures"]
    vault = Vault(case.room.world.settings.master)
    async with case.room.world.connection() as connection:
        (money,) = await connection.fetch(_MONEY, capture["at"])
        about = {"callback": money["id"], "command_id": "assign"}
        asked = {"actor": cashier, "filing_id": case.play.filing, "payment": case.n}
        await take(connection, vault, AssignSuspense.model_validate(about | asked | {"reason": "khớp sao kê"}))
        agreed = {"actor": leader, "command_id": "approve", "asked": 1}
        await take(connection, vault, ApproveSuspense.model_validate(about | agreed))


_MONEY: Final = "select id from callback where verdict = 'suspense' and at = $1::text::timestamptz"
"""Finds the money by its moment in the bank's statement, to the microsecond."""
