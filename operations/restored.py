"""The first step after a backup was restored: until this is done, no process of the platform may use the record."""

from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from rules.require import require
from views.log import Connection


class Restored(NamedTuple):
    """The new generation of positions, the last position before it (`after`), and the number of keys withheld."""

    generation: int
    after: int
    withheld: int


async def begin(connection: Connection, reason: str, erased: Collection[UUID]) -> Restored:
    """Begins a generation of positions, and withholds the keys of erased filings that the backup brought back.

    `connection` is the owner's; `erased` are all filings that were ever erased. Another call begins another generation
    and withholds the remaining keys. The keys of money that was paid to such a filing, and of the messages that the
    door kept for it, are withheld, too.
    """
    async with connection.transaction():
        await connection.execute("lock table generation in share row exclusive mode")
        n, after = require(await connection.fetchrow(_BEGIN, reason))
        return Restored(n, after, await connection.fetchval(_WITHHOLD, list(erased)))


_BEGIN: Final = """
insert into generation (n, after, reason)
select (select coalesce(max(n), 1) + 1 from generation), last, $1 from sequencer
returning n, after
"""
# A filing that stands erased in the backup, too, has no key there.
_WITHHOLD: Final = """
with withheld as (
    update filing_key set withheld = true
    where not withheld and (filing_id = any($1) or filing_id in (
        select id from callback join stream using (stream) where stream.filing_id = any($1)
        union all select id from received where received.filing_id = any($1)
    ))
    returning filing_id
)
select count(*)::int from withheld where filing_id = any($1)
"""
