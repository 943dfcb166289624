"""Who a callback about money belongs to, and what came that nobody knows the demand of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final
from uuid import UUID

from schemas.base import Dong, Model
from schemas.reading import Suspense
from views.log import Connection, Key


class Demanded(Model):
    """A request for money as its read model has it. `paid`: what was owed has come."""

    stream: str
    filing_id: UUID
    agency: str
    reference: str
    amount: Dong
    paid: bool


async def demanded(connection: Connection, provider: str, reference: str) -> Demanded | None:
    """What was demanded through a merchant under a reference."""
    row = await connection.fetchrow(_DEMANDED, provider, reference)
    return None if row is None else Demanded.model_validate(dict(row))


async def references(connection: Connection, provider: str, length: int, beginnings: Collection[str]) -> list[str]:
    """The references of a merchant's demands, settled ones too, whose first `length` characters are among these."""
    return [row["reference"] for row in await connection.fetch(_REFERENCES, provider, length, list(beginnings))]


async def suspense(connection: Connection, find: Callable[[Any, UUID], Awaitable[Key | None]]) -> list[Suspense]:
    """Money that came and names no demand, oldest first; its memo is empty once its key is gone."""
    rows = await connection.fetch(_SUSPENSE)
    return [Suspense(**{**dict(row), "memo": await _memo(connection, find, row)}) for row in rows]


async def _memo(connection: Connection, find: Callable[[Any, UUID], Awaitable[Key | None]], row: Any) -> str:
    key = await find(connection, row["id"])
    return "" if key is None else key.unseal(row["memo"], memo_context(row["id"])).decode()


def memo_context(callback: UUID) -> str:
    """What the memo of a callback is bound to."""
    return f"callback\n{callback}"


_DEMANDED: Final = """
select stream, filing_id, agency, reference, amount, state = 'paid' as paid
from payment where provider = $1 and reference = $2
"""
_REFERENCES: Final = "select reference from payment where provider = $1 and left(reference, $2) = any($3::text[])"
_SUSPENSE: Final = """
select id, provider, transaction, amount, outcome, at, received_at, memo from callback
where verdict = 'suspense' order by received_at
"""
