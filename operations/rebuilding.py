"""The rebuild of the published tables, then of the read models from the log, while appends go on.

Every stream is folded by the rules, and the append's own code writes its rows into shadow tables: empty copies of the
read models in a schema of their own, to which a write goes under `SEARCH_PATH`. Streams that grow meanwhile are folded
again; the last of these streams in one short transaction that blocks appends and swaps the tables. If the rebuild ends
before the swap, the read models are unchanged. The next rebuild drops the schema that remains.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger import read_models as rm
from activities.ledger.append import columns_of
from activities.ledger.authority import readers
from activities.ledger.database import Connection
from activities.ledger.reserving import whose_is
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from motcua.cli.running import WorkRefusedError
from publishing.record import folding as publications
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.filing.commands import SYSTEM_VIA
from schemas.filing.events import Submitted
from schemas.people import SYSTEM
from schemas.privacy import Erased
from schemas.stream.ledger import Batch, Recorded
from views import primary
from views.log import Log, SealBrokenError, UnfoldableError
from views.order import last_position

BATCH: Final = 100
"""The number of streams that are in memory and folded at once, in one transaction."""
FEW: Final = 20
"""Maximum number of grown streams that may be left to fold while appends wait."""
PASSES: Final = 20
"""Maximum number of passes over grown streams before appends are blocked."""
ATTEMPTS: Final = 30
LOCK_WAIT: Final = "1500ms"
"""The timeout for the lock: appends wait behind it. PostgreSQL cancels its own vacuum a little sooner."""
PAUSE: Final = 2.0
"""The seconds between two attempts to get the lock; meanwhile appends go on."""
TIMEOUT: Final = 10.0

# Streams of publications and of restarts are in no read model.
_FOLDED: Final = "filing_id is not null and not starts_with(stream, 'restarts:')"
_STREAMS: Final = f"select count(*) from stream where head_seq > 0 and {_FOLDED}"  # noqa: S608 -- words of ours
_EVENTS: Final = f"select coalesce(sum(head_seq), 0) from stream where {_FOLDED}"  # noqa: S608 -- words of ours
_FIRST: Final = f"""
select stream, filing_id, agency, head_seq from stream
where head_seq > 0 and {_FOLDED} and stream > $1 order by stream limit $2
"""  # noqa: S608 -- words of ours
# An event that a pass can't see yet gets its position later, so that the next pass finds it.
_GROWN: Final = """
select s.stream, s.filing_id, s.agency, s.head_seq from stream s left join rebuild.folded f using (stream)
where s.stream in (select stream from position where position > $1 union select stream from unpositioned)
    and s.head_seq > coalesce(f.seq, 0)
    and s.filing_id is not null and not starts_with(s.stream, 'restarts:')
order by s.stream
"""


SEARCH_PATH: Final = "rebuild, public"


def read_models(kinds: Kinds) -> dict[str, str]:
    """Returns the name of each read model, with its primary key."""
    beside = (rm.RESULT, rm.RECEIPT, rm.TASK, rm.STANDING, readers.READER)
    return {table.name: table.key for table in (*kinds.tables.values(), *beside)}


_SCHEMA: Final = """
drop schema if exists rebuild cascade;
create schema rebuild;
create table rebuild.folded (
    stream text primary key, filing_id uuid not null, seq integer not null, late boolean not null
);
create index on rebuild.folded (filing_id) where late;
create table rebuild.difference (read_model text not null, filing_id uuid not null);
"""
_TABLE: Final = "create table rebuild.{table} (like public.{table} including all excluding indexes)"

# Under their present names: later migrations refer to them.
_DEFINITIONS: Final = """
select format('alter table rebuild.%I add constraint %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
from pg_class t join pg_constraint c on c.conrelid = t.oid
where t.relnamespace = 'public'::regnamespace and t.relname = any($1) and c.contype in ('p', 'u', 'x', 'f')
union all
select replace(pg_get_indexdef(i.indexrelid), ' ON public.', ' ON rebuild.')
from pg_class t join pg_index i on i.indrelid = t.oid
where t.relnamespace = 'public'::regnamespace and t.relname = any($1)
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
union all
select format('grant %s on rebuild.%I to %s%s', a.privilege_type, t.relname,
              case a.grantee when 0 then 'public' else quote_ident(a.grantee::regrole::text) end,
              case when a.is_grantable then ' with grant option' else '' end)
from pg_class t, aclexplode(t.relacl) a
where t.relnamespace = 'public'::regnamespace and t.relname = any($1) and a.grantee <> t.relowner
union all
select format('grant %s (%I) on rebuild.%I to %s%s', a.privilege_type, c.attname, t.relname,
              case a.grantee when 0 then 'public' else quote_ident(a.grantee::regrole::text) end,
              case when a.is_grantable then ' with grant option' else '' end)
from pg_class t join pg_attribute c on c.attrelid = t.oid, aclexplode(c.attacl) a
where t.relnamespace = 'public'::regnamespace and t.relname = any($1)
union all
select format('create policy %I on rebuild.%I as %s for %s to %s%s%s', p.polname, t.relname,
              case when p.polpermissive then 'permissive' else 'restrictive' end,
              case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                  else 'all' end,
              (select string_agg(case role when 0 then 'public' else quote_ident(role::regrole::text) end, ', ')
               from unnest(p.polroles) as role),
              ' using (' || pg_get_expr(p.polqual, t.oid) || ')',
              ' with check (' || pg_get_expr(p.polwithcheck, t.oid) || ')')
from pg_class t join pg_policy p on p.polrelid = t.oid
where t.relnamespace = 'public'::regnamespace and t.relname = any($1)
union all
select format('alter table rebuild.%I enable row level security, %s force row level security', relname,
              case when relforcerowsecurity then '' else 'no' end)
from pg_class where relnamespace = 'public'::regnamespace and relname = any($1) and relrowsecurity
"""

_NOTE: Final = """
insert into rebuild.folded (stream, filing_id, seq, late)
select stream, filing_id, seq, $4 from unnest($1::text[], $2::uuid[], $3::int[]) as now (stream, filing_id, seq)
on conflict (stream) do update set seq = excluded.seq, late = excluded.late
"""

_COMPARE: Final = """
insert into rebuild.difference
select '{table}', coalesce(there.filing_id, folded.filing_id)
from (select * from public.{table} where {which}) as there
full join (select * from rebuild.{table} where {which}) as folded using ({key})
where there is distinct from folded
"""
_MERGED: Final = """
delete from public.reader where filing_id in (select filing_id from rebuild.difference where read_model = 'reader');
insert into public.reader
select * from rebuild.reader where filing_id in (select filing_id from rebuild.difference where read_model = 'reader')
"""
_LATE: Final = "filing_id in (select filing_id from rebuild.folded where late)"


class Shadows:
    """The shadow tables of these kinds' read models."""

    def __init__(self, connection: Connection, kinds: Kinds) -> None:
        self._connection = connection
        self.tables = read_models(kinds)

    async def create(self) -> None:
        """Creates empty shadows, with the constraints, indexes, rights and policies of the read models."""
        async with self._connection.transaction():
            await self._connection.execute(_SCHEMA)
            for table in self.tables:
                await self._connection.execute(_TABLE.format(table=table))
            for row in await self._connection.fetch(_DEFINITIONS, list(self.tables)):
                await self._connection.execute(row[0])

    async def drop(self) -> None:
        """Drops the schema of the shadows."""
        await self._connection.execute("drop schema if exists rebuild cascade")

    async def note(self, streams: Sequence[Any], seqs: Sequence[int], *, late: bool) -> None:
        """Stores how many events (`seqs`) each stream's shadow rows contain. `late`: whether folded after `compare`."""
        named = ([stream[column] for stream in streams] for column in ("stream", "filing_id"))
        await self._connection.execute(_NOTE, *named, seqs, late)

    async def compare(self) -> None:
        """Stores each row that differs from its shadow row. `changed` repeats this for filings that grow later."""
        for table, key in self.tables.items():
            await self._connection.execute(f"analyze rebuild.{table}")
            await self._connection.execute(_COMPARE.format(table=table, key=key, which="true"))

    async def changed(self) -> dict[str, int]:
        """Compares again all filings folded after `compare`. Returns the number of differing rows by read model."""
        await self._connection.execute(f"delete from rebuild.difference where {_LATE}")  # noqa: S608 -- a constant
        for table, key in self.tables.items():
            await self._connection.execute(_COMPARE.format(table=table, key=key, which=_LATE))
        counts = await self._connection.fetch("select read_model, count(*) from rebuild.difference group by read_model")
        return dict.fromkeys(self.tables, 0) | {row["read_model"]: row["count"] for row in counts}

    async def swap(self) -> None:
        """Replaces the read models with their shadows.

        The policies of other tables name the table of readers, which therefore stays, and gets the rows that differ.
        """
        names = ", ".join(f"public.{table}" for table in self.tables)
        await self._connection.execute(f"lock table {names} in access exclusive mode")
        await self._connection.execute(_MERGED)
        for table in self.tables.keys() - {readers.READER.name}:
            await self._connection.execute(f"drop table public.{table}")
            await self._connection.execute(f"alter table rebuild.{table} set schema public")
        await self.drop()


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The result of a rebuild. `streams`, `events`: the size of the log; `rows`: how many each read model has now.

    `changed`: the number of rows in each read model that were wrong before; `published`: the same for published tables.
    """

    streams: int
    events: int
    rows: dict[str, int]
    changed: dict[str, int]
    published: dict[str, int]
    seconds: float


async def rebuild(dsn: str, master: MasterKeys, progress: Progress, kinds: Kinds = KINDS) -> Rebuilt:
    """Rebuilds every read model, as the tables' owner. Raises `WorkRefusedError`, and asyncpg's errors."""
    begun = time.monotonic()
    settings = {"search_path": SEARCH_PATH}
    async with (
        primary.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT, server_settings=settings) as pool,
        pool.acquire() as connection,
    ):
        changed, published = await _Rebuild(connection, Vault(master), progress, kinds).run()
        streams, events = await connection.fetchval(_STREAMS), int(await connection.fetchval(_EVENTS))
        rows = {table: await connection.fetchval(f"select count(*) from {table}") for table in changed}  # noqa: S608 -- names of ours
    return Rebuilt(streams, events, rows, changed, published, round(time.monotonic() - begun, 3))


class _Rebuild:
    def __init__(self, connection: Connection, vault: Vault, progress: Progress, kinds: Kinds) -> None:
        self._connection = connection
        self._vault = vault
        self._progress = progress
        self._log = Log(connection, vault.find, kinds)
        self._shadows = Shadows(connection, kinds)
        self._compared = False
        self._events = 0
        self._of = 0

    async def run(self) -> tuple[dict[str, int], dict[str, int]]:
        """Runs the rebuild. Returns the number of wrong rows in each read model, and in each published table."""
        try:
            async with self._connection.transaction():
                await self._connection.execute(f"set local lock_timeout = '{TIMEOUT:.0f}s'")
                await self._connection.execute("select pg_advisory_lock(hashtext('motcua ledger rebuild'))")
        except asyncpg.LockNotAvailableError:
            raise WorkRefusedError("another rebuild is under way: let it end, or end it") from None
        if not await self._vault.opens(self._connection):
            raise WorkRefusedError("MOTCUA_MASTER_KEY is not the key that this record was sealed with")
        try:
            await self._vault.begin(self._connection)
        except SealBrokenError:
            raise WorkRefusedError(
                "the row of index_key can't be opened: put it back from a backup; or delete it, and a rebuild makes "
                "another key and index of persons"
            ) from None
        await self._shadows.create()
        try:
            published = await publications.rebuild(self._connection, self._vault)
            position = await self._fill()
            await self._shadows.compare()
            self._compared = True
            return await self._replace(position), published
        except (WorkRefusedError, UnfoldableError) as error:
            await self._shadows.drop()
            raise WorkRefusedError(str(error)) from None

    async def _fill(self) -> int:
        """Folds every stream, then streams that grew meanwhile. Returns the position up to which events are folded."""
        self._of = int(await self._connection.fetchval(_EVENTS))
        position = await last_position(self._connection)
        last = ""
        while batch := await self._connection.fetch(_FIRST, last, BATCH):
            await self._fold(batch)
            last = batch[-1]["stream"]
        for _ in range(PASSES):
            position, grown = await self._catch_up(position)
            if grown <= FEW:
                break
        return position

    async def _catch_up(self, position: int) -> tuple[int, int]:
        """Folds streams with events after `position`. Returns the next pass's `position` and the number of streams."""
        following = await last_position(self._connection)
        grown = await self._connection.fetch(_GROWN, position)
        for start in range(0, len(grown), BATCH):
            await self._fold(grown[start : start + BATCH])
        return following, len(grown)

    async def _replace(self, position: int) -> dict[str, int]:
        for _ in range(ATTEMPTS):
            position, _grown = await self._catch_up(position)
            try:
                return await self._swap(position)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(PAUSE)
        raise WorkRefusedError(
            "the tables could not be had for a moment: end the sessions that hold `stream` or a read model "
            "(see pg_stat_activity), then try again"
        )

    async def _swap(self, position: int) -> dict[str, int]:
        async with self._connection.transaction():
            await self._connection.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            # Every append begins by locking its row in this table.
            await self._connection.execute("lock table public.stream in exclusive mode")
            await self._catch_up(position)
            changed = await self._shadows.changed()
            await self._shadows.swap()
            failpoint("rebuild.swapped")
        return changed

    async def _fold(self, streams: Sequence[asyncpg.Record]) -> None:
        async with self._connection.transaction():
            await self._vault.learn(self._connection, {stream["filing_id"] for stream in streams})
            events = await self._log.events_of(streams)
            await write_rows(self._log, self._vault, zip(streams, events, strict=True))
            seqs = list(map(len, events))
            await self._shadows.note(streams, seqs, late=self._compared)
            self._events += sum(seqs)
        failpoint("rebuild.folded")
        self._progress(self._events, max(self._of, self._events))


async def write_rows(log: Log, vault: Vault, told: Iterable[tuple[asyncpg.Record, list[Recorded]]]) -> None:
    """Folds streams, and writes their rows in the read models. `told` pairs each stream's row with all its events.

    The row has `stream`, `filing_id` and `agency`. The connection's search path selects the written tables.
    Raises `UnfoldableError`.
    """
    streams = list(told)
    changes = [await _change(log, vault, stream, events) for stream, events in streams]
    await rm.write_all(log.connection, [one for one in changes if one is not None])
    await readers.write_all(log.connection, vault, streams)


async def _change(
    log: Log, vault: Vault, stream: asyncpg.Record, events: list[Recorded]
) -> tuple[Batch, rm.Change] | None:
    kind = log.kind(stream["stream"])
    try:
        state = await log.fold(stream["stream"], stream["agency"], events)
        rows = kind.all_rows(state)
    except (LookupError, ValueError) as error:
        raise UnfoldableError(f"{stream['stream']}: its rows can't be told: {type(error).__name__}") from None
    batch = Batch(
        stream=stream["stream"],
        filing_id=stream["filing_id"],
        agency=state.agency,
        next_seq=len(events),
        command_id=events[-1].command_id,
        digest="",
        actor=SYSTEM,
        via=SYSTEM_VIA,
        at=events[-1].at,
        rows=rows,
    )
    first, added = events[0].event, dict[str, Any]()  # the columns that the ledger adds to a filing's row
    if isinstance(first, Submitted) and isinstance(events[-1].event, Erased):
        added = {"person": None, "representative": None, "stands_for_it": None}
    elif isinstance(first, Submitted):
        added = dict(columns_of(await whose_is(vault, log.connection, (one.event for one in events))))
        added["possible_duplicates"] = first.possible_duplicates
    change = rm.change(kind, batch, {}, added)
    return None if change is None else (batch, change)
