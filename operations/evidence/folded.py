"""Compares the read models with the log: filings are folded page by page into temporary tables of the connection."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from activities.ledger.vault import IndexKeyGoneError, Vault
from console.comparing import Difference, Why
from operations.rebuilding import read_models, write_rows
from rules.streams import KINDS
from views.log import Connection, Log, SealBrokenError, UnfoldableError

PAGE: Final = 100
"""The number of filings that are in memory at once; all streams of a filing are compared as of one moment."""
MOST: Final = 10_000
"""Maximum number of differences in an answer."""

Progress = Callable[[int, int], None]


async def differences(connection: Connection, vault: Vault, progress: Progress = lambda *_: None) -> list[Difference]:
    """Returns each row of a read model that differs from the log, and each stream that can't be folded.

    The connection must serve nothing else afterwards: its temporary tables hide the read models.
    """
    folding = _Folding(connection, vault)
    try:
        await folding.all(progress)
    except (SealBrokenError, IndexKeyGoneError) as error:
        why = Why.MISSING if isinstance(error, IndexKeyGoneError) else Why.UNREADABLE
        folding.found.append(Difference("index_key", "index", why))
    return folding.found[:MOST]


class _Folding:
    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault
        self._log = Log(connection, vault.find, KINDS)
        self._tables = read_models(KINDS)
        self.found: list[Difference] = []

    async def all(self, progress: Progress) -> None:
        for table, key in self._tables.items():
            await self._connection.execute(_SHADOW.format(table=table, key=key))
        of, done = int(await self._connection.fetchval(_EVENTS)), 0
        after: UUID | None = None
        while len(self.found) < MOST:
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                filings = [row["filing_id"] for row in await self._connection.fetch(_FILINGS, after, PAGE)]
                if not filings:
                    break
                done += await self._page(filings)
            after = filings[-1]
            progress(done, max(of, done))
        for table, key in self._tables.items():
            rows = await self._connection.fetch(_STRAY.format(table=table, row=_name(key)), MOST)
            self.found += [Difference(table, row["row"], Why.EXTRA) for row in rows]

    async def _page(self, filings: Sequence[UUID]) -> int:
        """Folds and compares all streams of these filings. Returns the number of their events."""
        await self._vault.learn(self._connection, filings)
        streams = await self._connection.fetch(_STREAMS, filings)
        unread = await self._fold(streams)
        whole = [filing for filing in filings if filing not in unread]
        for table, key in self._tables.items():
            rows = await self._connection.fetch(_COMPARE.format(table=table, key=key, row=_name(key)), whole)
            self.found += [Difference(table, row["row"], Why(row["why"]), tuple(row["columns"])) for row in rows]
        return sum(stream["head_seq"] for stream in streams)

    async def _fold(self, streams: Sequence[Any]) -> set[UUID]:
        """Folds streams into the temporary tables. Returns the filings that have an unreadable stream."""
        try:
            events = await self._log.events_of(streams)
            await write_rows(self._log, self._vault, zip(streams, events, strict=True))
        except UnfoldableError:
            return {stream["filing_id"] for stream in streams if not await self._folds(stream)}
        return set()

    async def _folds(self, stream: Any) -> bool:
        """Folds one stream into the temporary tables. If that is impossible, returns False and notes a difference."""
        try:
            events = await self._log.events_of([stream])
            await write_rows(self._log, self._vault, [(stream, events[0])])
        except UnfoldableError:
            self.found.append(Difference("event", stream["stream"], Why.UNREADABLE))
            return False
        return True


def _name(key: str) -> str:
    """Returns the SQL for the name of a read model's row: the row's key, or for a filing's row, the filing's stream."""
    return "'filing:' || filing_id" if key == "filing_id" else f"concat_ws(' ', {key})"


_SHADOW: Final = """
create temp table {table} (like public.{table} including defaults including generated) on commit delete rows;
alter table pg_temp.{table} add primary key ({key})
"""
_EVENTS: Final = "select coalesce(sum(head_seq), 0) from stream where filing_id is not null"
_FILINGS: Final = """
select filing_id from event where filing_id is not null and ($1::uuid is null or filing_id > $1)
group by filing_id order by filing_id limit $2
"""
_STREAMS: Final = """
select stream, filing_id, agency, head_seq from stream
where head_seq > 0 and not starts_with(stream, 'restarts:') and stream in (
    select stream from event where filing_id = any($1)
) order by stream
"""
_COMPARE: Final = """
select {row} as row,
    case when there is null then 'missing' when folded is null then 'extra' else 'differs' end as why,
    array(
        select key from jsonb_each(to_jsonb(there)) as one join jsonb_each(to_jsonb(folded)) as other using (key)
        where one.value is distinct from other.value order by key
    ) as columns
from (select * from public.{table} where filing_id = any($1)) as there
full join (select * from pg_temp.{table} where filing_id = any($1)) as folded using ({key})
where there is distinct from folded order by 1
"""
_STRAY: Final = """
select {row} as row from public.{table}
where not exists (select from event where event.filing_id = {table}.filing_id) order by 1 limit $1
"""
