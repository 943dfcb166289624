"""Shadow tables: empty copies of the read models, filled beside them, which then replace them.

They are in a schema of their own: under `SEARCH_PATH`, a write to a read model goes to its shadow. If a rebuild ends
halfway, the read models are unchanged and that schema remains; `create` first drops it.
"""

from collections.abc import Sequence
from typing import Any, Final

from activities.ledger.database import Connection
from activities.ledger.read_models import RECEIPT, RESULT, STANDING, TASK
from rules.stream_kind import Kinds

SEARCH_PATH: Final = "rebuild, public"


def read_models(kinds: Kinds) -> dict[str, str]:
    """Returns the read models, each with its primary key."""
    return {table.name: table.key for table in (*kinds.tables.values(), RESULT, RECEIPT, TASK, STANDING)}


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
"""

_FOLDED: Final = """
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
_LATE: Final = "filing_id in (select filing_id from rebuild.folded where late)"


class Shadows:
    """The shadow tables of these kinds' read models."""

    def __init__(self, connection: Connection, kinds: Kinds) -> None:
        self._connection = connection
        self.tables = read_models(kinds)

    async def create(self) -> None:
        """Creates empty shadows, with the constraints, indexes and rights of the read models."""
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
        """Stores how many events (`seqs`) each stream's shadow rows contain; `late`: written after the comparison."""
        named = ([stream[column] for stream in streams] for column in ("stream", "filing_id"))
        await self._connection.execute(_FOLDED, *named, seqs, late)

    async def compare(self) -> None:
        """Stores each row that differs from its shadow row. Later, `changed` compares filings folded after this."""
        for table, key in self.tables.items():
            await self._connection.execute(f"analyze rebuild.{table}")
            await self._connection.execute(_COMPARE.format(table=table, key=key, which="true"))

    async def changed(self) -> dict[str, int]:
        """Returns the number of differing rows of each read model, after comparing the filings folded late again."""
        await self._connection.execute(f"delete from rebuild.difference where {_LATE}")  # noqa: S608 -- a constant
        for table, key in self.tables.items():
            await self._connection.execute(_COMPARE.format(table=table, key=key, which=_LATE))
        counts = await self._connection.fetch("select read_model, count(*) from rebuild.difference group by read_model")
        return dict.fromkeys(self.tables, 0) | {row["read_model"]: row["count"] for row in counts}

    async def swap(self) -> None:
        """Replaces the read models with their shadows."""
        names = ", ".join(f"public.{table}" for table in self.tables)
        await self._connection.execute(f"lock table {names} in access exclusive mode")
        for table in self.tables:
            await self._connection.execute(f"drop table public.{table}")
            await self._connection.execute(f"alter table rebuild.{table} set schema public")
        await self.drop()
