"""Calls that give money back, each noted before it is made: what is asked for once is called for once.

Whoever reaches Temporal can have an activity run as often as they like, runs are reset, workers die and Temporal may
come back as it was: what was called is known here all the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors


class Request(NamedTuple):
    """The `n`-th request for what a case of a refund gives back, as that stream has recorded it."""

    stream: str
    case: int
    n: int


class Called(NamedTuple):
    """How long ago the last call for a case was made, and whether the provider has answered that it has one of them."""

    ago: timedelta
    is_known: bool


class Calls:
    """The calls that were made, in the database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, request: Request, agency: str) -> bool:
        """Whether this call is to be made: it was not made by anybody before, and is noted now."""
        return await self._note(request, agency, known=False)

    async def note_known(self, request: Request, agency: str) -> None:
        """Note that the provider has answered that it has this request."""
        await self._note(request, agency, known=True)

    async def of(self, request: Request) -> Called:
        """What is known of the calls for a case, of which there is one."""
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                [row] = await connection.fetch(_OF, request.stream, request.case)
        return Called(row["ago"], row["is_known"])

    async def _note(self, request: Request, agency: str, *, known: bool) -> bool:
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                return bool(await connection.fetchval(_NOTE, *request, agency, known))


_NOTE: Final = """
insert into refund_call (stream, of_case, n, agency, known) values ($1, $2, $3, $4, $5)
on conflict do nothing returning true
"""
_OF: Final = """
select clock_timestamp() - max(at) filter (where not known) as ago, bool_or(known) as is_known from refund_call
where stream = $1 and of_case = $2
"""
