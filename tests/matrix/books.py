"""What must hold of all cases together, once nothing more happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from operations.ledger_verifier import verify
from operations.rebuild import rebuild
from tests.matrix.orders import CHARGE, FEE
from tests.matrix.room import Room, until

_RECEIPTS: Final = """
select filing_id, kind, amount from money_receipt where voided_at is null order by filing_id, kind
"""
_PAID: Final = """
select split_part(stream, ':', 2)::uuid as filing from event where kind = 'fee_paid'
except select split_part(stream, ':', 2)::uuid from event where kind = 'payment_charged_back'
"""


async def receipts(room: Room) -> Mapping[UUID, Mapping[str, int]]:
    """The valid receipts of each filing: their amount by kind. Fails if there are two of a kind."""
    async with room.world.connection() as connection:
        rows = await connection.fetch(_RECEIPTS)
    twice = [key for key, many in Counter((row["filing_id"], row["kind"]) for row in rows).items() if many > 1]
    assert not twice, twice
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["filing_id"], {})[row["kind"]] = row["amount"]
    return found


async def one_receipt_of_a_kind(room: Room, within: float) -> None:
    """Every fee that was paid and not charged back has its two receipts, and no other filing has valid ones."""

    async def paid() -> set[UUID]:
        async with room.world.connection() as connection:
            rows = await connection.fetch(_PAID)
        return {row["filing"] for row in rows}

    wanted = await paid()
    found = await until(lambda: receipts(room), lambda found: found.keys() == wanted, within=within)
    wrong = {filing: of for filing, of in found.items() if of != {"phi": CHARGE, "le_phi": FEE}}
    assert not wrong, wrong


async def sound(room: Room) -> None:
    """The log verifies, and gives the read models that there are."""
    assert (await verify(room.world.superuser_dsn)).problems == []
    report = await rebuild(room.world.owner_dsn, room.world.settings.master, lambda *_: None)
    assert not any(report.changed.values()), report.changed
