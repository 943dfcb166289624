"""The checks after each case, and the checks after all cases together."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from operations.rebuilding import rebuild
from tests.matrix.room import Room, until
from verifier.ledger import verify

_RECEIPTS: Final = """
select kind, amount from money_receipt where filing_id = $1 and voided_at is null order by number
"""
_ISSUED_TWICE: Final = "select filing_id, fee, kind from money_receipt group by 1, 2, 3 having count(*) > 1"
_OURS: Final = """
select coalesce(sum(captured - refunded), 0)::bigint
    - coalesce((select sum((convert_from(body, 'utf8')::json->>'amount')::bigint)
                from event where kind = 'payment_charged_back'), 0)::bigint
    + coalesce((select sum(amount) from callback where verdict = 'suspense'), 0)::bigint
from payment
"""
_AGREE_WITHIN: Final = 180
"""Seconds within which queries find the money of cases that were abandoned and begun again."""


async def receipts(room: Room, filing: UUID, wanted: Mapping[str, int]) -> None:
    """Waits until a filing's valid receipts are `wanted`, one of each kind; notes them in the room."""

    async def valid() -> list[tuple[str, int]]:
        return sorted((row["kind"], row["amount"]) for row in await room.world.fetch(_RECEIPTS, filing))

    await until(valid, lambda found: found == sorted(wanted.items()))
    room.receipts[filing] = wanted


async def one_receipt_of_a_kind(room: Room) -> None:
    """Checks that no fee has two receipts of one kind, and that each filing still has the receipts of its end."""
    twice = [tuple(row) for row in await room.world.fetch(_ISSUED_TWICE)]
    rows = await room.world.fetch("select filing_id, kind, amount from money_receipt where voided_at is null")
    assert not twice, twice
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["filing_id"], {})[row["kind"]] = row["amount"]
    wrong = {filing: found.get(filing, {}) for filing, of in room.receipts.items() if found.get(filing, {}) != of}
    assert not wrong, wrong


async def both_ledgers_agree(room: Room) -> int:
    """Waits until the bank's ledger and ours agree; returns the money kept of all payments and in suspense, in đồng."""

    async def retained() -> tuple[int, int]:
        orders = (await room.bank.get("/ledger")).raise_for_status().json()["orders"]
        signs = {"captures": 1, "refunds": -1, "chargebacks": -1}
        theirs = sum(
            sign * one["amount"] for order in orders for name, sign in signs.items() for one in order.get(name, ())
        )
        return theirs, int(await room.world.fetchval(_OURS))

    return (await until(retained, lambda both: both[0] == both[1], within=_AGREE_WITHIN))[0]


def kept(order: Mapping[str, Any]) -> int:
    """Returns the balance of an order in the bank's ledger, in đồng: captures less refunds and charge-backs."""
    came, *went = (sum(one["amount"] for one in order.get(name, ())) for name in ("captures", "refunds", "chargebacks"))
    return int(came - sum(went))


async def sound(room: Room) -> None:
    """Asserts that the log verifies, and that a rebuild of the read models changes nothing."""
    assert (await verify(room.world.superuser_dsn)).problems == []
    report = await rebuild(room.world.owner_dsn, room.world.settings.master, lambda *_: None)
    assert not any(report.changed.values()), report.changed
