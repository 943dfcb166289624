"""A long log of valid events: a few filings recorded by the product, and many copies, with their read models."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.keys.masters import master_keys
from activities.ledger.sequencer import last_position, position_appends
from activities.ledger.vault import Vault
from benchmarks.record.copies import COLUMNS, Recorded, Row, Rows, Template, World
from operations.rebuilding import read_models
from rules.require import require
from rules.streams import KINDS

_AT_ONCE: Final = 1_000
"""The number of filings that are written in one transaction."""
_SHARE: Final = 8
"""The number of transactions that a process writes before it gets other work."""
_OF_FILING: Final = "select {columns} from {table} where filing_id = $1"
_WRITTEN: Final = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""
"""The columns of a table, except those that PostgreSQL computes."""
_COUNT: Final = """
insert into counter (agency, kind, period, last) values ($1, $2, $3, $4)
on conflict (agency, kind, period) do update set last = excluded.last where counter.last < excluded.last
"""
_UNSAFE: Final = ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'")
"""Settings of the server while copies are written, since a crash would only end the benchmark."""


class LongLog:
    """The log of a database. The log must have only the recorded filings so far, all of one agency.

    `dsn`: a superuser's address of the database.
    """

    def __init__(self, dsn: str, master: str) -> None:
        self._dsn = dsn
        self._master = master
        self._world: World | None = None
        self._rounds = 1

    async def lengthen(self, to: int) -> None:
        """Adds copies of all recorded filings, until they have about `to` events."""
        connection = await asyncpg.connect(self._dsn)
        try:
            while await position_appends(connection):
                pass
            world = self._world = self._world or await _read(connection, Vault(master_keys(self._master)))
            rounds = max(self._rounds, to // world.events)
            for setting in _UNSAFE:
                await connection.execute(f"alter system set {setting}")
            await connection.execute("select pg_reload_conf()")
            after = await last_position(connection) - self._rounds * world.events
            await self._copy(world, rounds, after)
            await connection.executemany(_COUNT, list(_counters(world, rounds)))
            await connection.execute("update sequencer set last = (select max(position) from position)")
            self._rounds = rounds
            for tidied in ("alter system reset all", "select pg_reload_conf()", "vacuum analyze", "checkpoint"):
                await connection.execute(tidied)
        finally:
            await connection.close()

    async def _copy(self, world: World, rounds: int, after: int) -> None:
        """Writes the copies of the rounds up to `rounds`, in several processes."""
        step = max(1, _AT_ONCE // len(world.filings))
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            loop = asyncio.get_running_loop()
            given = (self._dsn, self._master, world, after)
            shares = [
                range(first, min(first + _SHARE * step, rounds), step)
                for first in range(self._rounds, rounds, _SHARE * step)
            ]
            await asyncio.gather(*(loop.run_in_executor(pool, _write, *given, share, rounds) for share in shares))


def _counters(world: World, rounds: int) -> Iterator[tuple[Any, ...]]:
    """Yields each counter with its value after the given number of rounds."""
    for place, agency in enumerate(world.agencies):
        of_agency = len(range(place, rounds, len(world.agencies)))
        for (kind, period), last in world.counted.items():
            if of_agency:
                yield agency, kind, period, last * of_agency


async def _read(connection: Any, vault: Vault) -> World:
    ids = [row[0] for row in await connection.fetch("select filing_id from filing order by code")]
    agency = await connection.fetchval("select distinct agency from filing")
    order = await connection.fetch(
        "select stream, seq from position join event using (stream, seq) where filing_id = any($1) order by position",
        ids,
    )
    place = {(row["stream"], row["seq"]): n for n, row in enumerate(order, 1)}
    filings = [await _filing(connection, vault, one, place) for one in ids]
    counted = await connection.fetch("select kind, period, last from counter where agency = $1", agency)
    return World(filings, agency, {(row["kind"], row["period"]): row["last"] for row in counted}, len(place))


async def _filing(connection: Any, vault: Vault, filing: UUID, place: Mapping[tuple[str, int], int]) -> Recorded:
    async def rows_of(table: str, order: str = "") -> list[Row]:
        named = _OF_FILING.format(columns=await connection.fetchval(_WRITTEN, table), table=table)
        return [dict(row) for row in await connection.fetch(f"{named} {order}", filing)]

    key = require(await vault.find(connection, filing))
    events = await rows_of("event", "order by stream, seq")
    opened = [row["sealed"] and key.unseal(row["sealed"], f"{row['stream']}\n{row['seq']}") for row in events]
    subjects, person = _people(opened)
    rows = {table: await rows_of(table) for table in read_models(KINDS)}
    references = {row["reference"] for row in rows["payment"]}
    return Recorded(
        id=filing,
        events=events,
        opened=opened,
        places=[place[row["stream"], row["seq"]] for row in events],
        receipts={(row["stream"], row["command_id"]): row for row in await rows_of("receipt")},
        rows=rows,
        key=key,
        subjects=subjects,
        person=person,
        words=frozenset({str(filing), events[0]["agency"], person, *map(key.pseudonym, subjects), *references}),
    )


def _people(opened: Sequence[bytes | None]) -> tuple[frozenset[str], str]:
    """Returns the subjects of the acting persons in the decrypted data, and the applicant's id number."""
    said = [json.loads(one) for one in opened if one]
    [person] = {one["event"]["applicant"]["id_number"] for one in said if "applicant" in one.get("event", ())}
    return frozenset(one["actor"] for one in said if "actor" in one), person


def _write(dsn: str, master: str, world: World, after: int, shares: range, rounds: int) -> None:
    """Writes the copies of some rounds, in a process of its own. One transaction writes `shares.step` rounds."""

    async def write() -> None:
        vault, connection = Vault(master_keys(master)), await asyncpg.connect(dsn)
        try:
            person = await vault.persons(connection)
            templates = [Template(one, world) for one in world.filings]
            for first in shares:
                turns = range(first, min(first + shares.step, rounds))
                copies = [
                    await one.copy(vault, person, n, after + n * world.events) for n in turns for one in templates
                ]
                await _put(connection, world, copies)
        finally:
            await connection.close()

    asyncio.run(write())


async def _put(connection: Any, world: World, copies: Sequence[Rows]) -> None:
    columns = COLUMNS | {table: tuple(of[0]) for one in world.filings for table, of in one.rows.items() if of}
    async with connection.transaction():
        for table, names in columns.items():
            # In order, so that the copies of a transaction pass through each index once.
            records = sorted((row for copy in copies for row in copy[table]), key=lambda row: str(row[0]))
            await connection.copy_records_to_table(table, columns=names, records=records)
