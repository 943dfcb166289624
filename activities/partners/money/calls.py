"""Refund calls, each recorded before it is made, so that one request leads to at most one call.

The record of calls does not depend on Temporal: anybody with access can run an activity as often as they like, runs are
reset, workers die, and Temporal may be restored from a backup.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors


class Request(NamedTuple):
    """The `n`-th request for the refund of one case, as the refund's stream has recorded it."""

    stream: str
    case: int
    n: int


class Called(NamedTuple):
    """The time since the last call for a case, and whether the provider has confirmed one of the calls."""

    ago: timedelta
    is_known: bool


class Calls:
    """The table of refund calls that were made to providers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, request: Request, agency: str) -> bool:
        """Records the call. Returns True if it was not recorded before: then the caller may make it."""
        return await self._note(request, agency, known=False)

    async def note_known(self, request: Request, agency: str) -> None:
        """Records that the provider has confirmed this request."""
        await self._note(request, agency, known=True)

    async def of(self, request: Request) -> Called:
        """Returns the state of the calls for a case, which has at least one call."""
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
