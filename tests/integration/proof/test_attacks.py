"""A superuser attacks a real record, with triggers off; a check finds each attack (the table in docs/ledger.md)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from console.database import connected
from operations.evidence.bindings import unbound
from publishing.authoring.procedures import publish
from publishing.record.folding import compare, rebuild
from publishing.record.log import key_of
from recovery.checkpoint_store import SecondPlace
from schemas.ids import canonical
from tests.acting import NEVER_PAYS, Play, eventually, extract
from tests.conftest import ROOT, World
from tests.histories import with_fee
from tests.integration.proof.conftest import LOG, Record, copied, rehashed, trust_in
from tests.provinces import EXTRACT_FILE
from tests.sound import problems
from verifier.checkpoint import verify

Attack = Callable[[Any, str, str], Awaitable[None]]
TABLES: Final = ("event", "stream", "receipt", "counter", "position", "unpositioned", "sequencer", "filing_key")


POSITIONS_MADE_ANEW: Final = (
    "create table moved as select row_number() over (order by position) as position, stream, seq from position "
    "join event using (stream, seq); delete from position; insert into position select * from moved; "
    "update sequencer set last = (select count(*) from position); drop table moved"
)
A_BYTE: Final = "update event set body = set_byte(body, 3, get_byte(body, 3) # 1) where stream = '{first}' and seq = 2"
A_TAIL: Final = """delete from event where stream = '{first}' and command_id = (
    select command_id from event where stream = '{first}' order by seq desc limit 1)"""
NO_KEY: Final = "delete from filing_key where 'filing:' || filing_id = '{first}'"
ERASED: Final = "update stream set erased_at = now() where stream = '{first}'"
EXCHANGED: Final = (
    "delete from position using two where position.position = two.position; "
    "insert into position select (select sum(position) from two) - position, stream, seq from two; drop table two"
)


def sql(*statements: str, rehash: bool = False) -> Attack:
    """Returns an attack: the statements change the first two filings; `rehash` recomputes the first one's hashes."""

    async def attack(superuser: Any, first: str, second: str) -> None:
        for statement in statements:
            await superuser.execute(statement.format(first=first, second=second))
        if rehash:
            await rehashed(superuser, first)

    return attack


async def a_tail_with_all_that_tells(superuser: Any, first: str, second: str) -> None:
    await sql(
        A_TAIL,
        """delete from receipt r where stream = '{first}' and not exists (
            select from event e where e.stream = r.stream and e.command_id = r.command_id)""",
        rehash=True,
    )(superuser, first, second)
    await superuser.execute(POSITIONS_MADE_ANEW)


async def the_newest_filing(superuser: Any, _: str, second: str) -> None:
    filing = second.partition(":")[2]
    agency = await superuser.fetchval("select agency from event where stream = $1 and seq = 1", second)
    for table in ("event", "receipt", "stream", "position"):
        await superuser.execute(f"delete from {table} where stream like '%:{filing}%'")  # noqa: S608 -- tables of our own
    await superuser.execute("update counter set last = last - 1 where agency = $1", agency)
    await superuser.execute(POSITIONS_MADE_ANEW)


_APPENDED: Final = """
insert into event (stream, seq, event_id, filing_id, agency, kind, version, body, sealed, key_id, command_id, actor,
    via, occurred_at, recorded_at, prev_hash, hash, bound)
select $3, $4, gen_random_uuid(), $5, agency, kind, version,
    convert_to(replace(convert_from(body, 'UTF8'), $6, $7), 'UTF8'), sealed, key_id, 'forged', actor,
    via, occurred_at, recorded_at, prev_hash, hash, $8
from event where (stream, seq) = ($1, $2)
"""
_RECEIPTED: Final = """
insert into receipt (filing_id, stream, agency, command_id, digest, seq, body)
select filing_id, stream, agency, command_id, repeat('e', 64), seq, convert_to(jsonb_strip_nulls(
    jsonb_build_object('command_id', command_id, 'digest', repeat('e', 64), 'seq', seq, 'code', $2::text,
        'at', occurred_at))::text, 'UTF8')
from event where stream = $1 and command_id = 'forged'
"""
_PLACED: Final = """
with next as (update sequencer set last = last + 1 returning last)
insert into position (position, stream, seq) select last, $1, $2 from next
"""
BOUND: Final = f'{{"epoch":1,"receipt":"{"0" * 64}"}}'


@dataclass(frozen=True)
class Forged:
    """An event that a forger appends without the platform: a copy of an event of the record, at another place."""

    stream: str
    seq: int
    filing: UUID
    code: str | None
    bound: str | None = None
    instead: tuple[str, str] = ("", "")

    async def append(self, superuser: Any, model: str, seq: int) -> None:
        """Inserts a copy of the event at `model` and `seq`, with its hash, head, receipt and position."""
        await superuser.execute(
            "insert into stream (stream, filing_id, agency, epoch, head_seq, head_hash) "
            "select $2, $3, agency, 1, 0, head_hash from stream where stream = $1 on conflict do nothing",
            *(model, self.stream, self.filing),
        )
        bound = None if self.bound is None else self.bound.encode()
        await superuser.execute(_APPENDED, model, seq, self.stream, self.seq, self.filing, *self.instead, bound)
        await rehashed(superuser, self.stream)
        await superuser.execute(_RECEIPTED, self.stream, self.code)
        await superuser.execute(_PLACED, self.stream, self.seq)


def forging(bound: str | None) -> Attack:
    return lambda superuser, first, _: forged_behind(superuser, first, bound)


async def forged_behind(superuser: Any, stream: str, bound: str | None) -> None:
    code = await superuser.fetchval("select code from filing where 'filing:' || filing_id = $1", stream)
    filing = await superuser.fetchval("select filing_id from stream where stream = $1", stream)
    last = await superuser.fetchval("select head_seq from stream where stream = $1", stream)
    await Forged(stream, last + 1, filing, code, bound).append(superuser, stream, last)


async def a_stream_of_a_filing(superuser: Any, first: str, _: str) -> None:
    filing = UUID(first.partition(":")[2])
    await Forged(f"complaint:{filing}:1", 1, filing, None).append(superuser, first, 2)


async def a_filing(superuser: Any, first: str, _: str) -> None:
    """Inserts a filing with the next number and another filing's key, since only the master key can wrap a new key."""
    filing, other = uuid4(), UUID(first.partition(":")[2])
    code = await superuser.fetchval("select code from filing where filing_id = $1", other)
    agency, period, number = code.rsplit("-", 2)
    last = "update counter set last = last + 1 where (agency, kind, period) = ($1, 'dossier', $2) returning last"
    new = f"{agency}-{period}-{await superuser.fetchval(last, agency, period):0{len(number)}d}"
    await superuser.execute(
        "insert into filing_key select (jsonb_populate_record(k, jsonb_build_object('filing_id', $2::uuid))).* "
        "from filing_key k where filing_id = $1",
        *(other, filing),
    )
    await Forged(f"filing:{filing}", 1, filing, new, None, (code, new)).append(superuser, first, 1)


_SAYS_ERASED: Final = """
update event set kind = 'erased', body = convert_to(
    '{"approved_by":"a","asked_by":"b","cause":"filing","reason":"-","request":1}', 'UTF8')
where stream = $1 and command_id = 'forged'
"""


async def a_key_under_the_word_erased(superuser: Any, first: str, second: str) -> None:
    streams = await superuser.fetch("select stream from stream where filing_id = $1", UUID(first.partition(":")[2]))
    for row in streams:
        stream = row["stream"]
        await forged_behind(superuser, stream, BOUND)
        await superuser.execute(_SAYS_ERASED, stream)
        await rehashed(superuser, stream)
        await sql(ERASED)(superuser, stream, second)
    await sql(NO_KEY)(superuser, first, second)


ATTACKS: Final[dict[str, Attack]] = {
    "a byte of an event changed": sql(A_BYTE),
    "the same, with its hash and all that follow made anew": sql(A_BYTE, rehash=True),
    "two events swapped between streams": sql(
        "update event set seq = 9999 where stream in ('{first}', '{second}') and seq = 2",
        "update event set seq = 2, stream = case stream when '{first}' then '{second}' else '{first}' end "
        "where seq = 9999",
    ),
    "an event taken out of the middle": sql("delete from event where stream = '{first}' and seq = 2"),
    "a tail cut off": sql(A_TAIL),
    "a tail cut off, with head, receipts and positions": a_tail_with_all_that_tells,
    "a stream rewritten, all hashes redone": sql(
        "update event set agency = 'H99' where stream = '{first}'",
        "update stream set agency = 'H99' where stream = '{first}'",
        rehash=True,
    ),
    "what was sealed removed, all hashes redone": sql(
        "update event set sealed = null, key_id = null where stream = '{first}' and seq = 1", rehash=True
    ),
    "the newest streams removed, all counters and positions lowered": the_newest_filing,
    "a receipt's digest changed, in its body too": sql(
        """update receipt set digest = repeat('e', 64),
            body = convert_to(replace(convert_from(body, 'UTF8'), digest, repeat('e', 64)), 'UTF8')
        where stream = '{first}' and seq = (select max(seq) from receipt where stream = '{first}')"""
    ),
    "an epoch raised": sql("update stream set epoch = epoch + 1 where stream = '{first}'"),
    "a filing's key changed": sql(
        "update filing_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) "
        "where 'filing:' || filing_id = '{first}'"
    ),
    "a filing's key removed": sql(NO_KEY),
    "two positions swapped": sql(
        "create table two as select * from position where seq = 2 and stream like 'filing:%' order by stream limit 2",
        EXCHANGED,
    ),
    "two neighbouring positions of two streams swapped": sql(
        "create table two as select one.* from position one join position next on next.position = one.position + 1 "
        "where one.stream <> next.stream order by one.position limit 1; "
        "insert into two select next.* from two join position next on next.position = two.position + 1",
        EXCHANGED,
    ),
    "the newest position taken away, and waited for by nothing": sql(
        "delete from position where position = (select last from sequencer); update sequencer set last = last - 1"
    ),
    "the digests of two filings' receipts exchanged, in their bodies too": sql(
        """with one as (select * from receipt where stream = '{first}' order by seq limit 1),
            other as (select * from receipt where stream = '{second}' order by seq limit 1),
            changed as (select one.stream, one.seq, one.digest as mine, other.digest from one, other
                union all select other.stream, other.seq, other.digest, one.digest from one, other)
        update receipt set digest = changed.digest,
            body = convert_to(replace(convert_from(body, 'UTF8'), mine, changed.digest), 'UTF8')
        from changed where (receipt.stream, receipt.seq) = (changed.stream, changed.seq)"""
    ),
    "a stream marked as erased": sql(ERASED),
    "a filing's key removed, and erased made up behind its streams": a_key_under_the_word_erased,
    "another agency in the row of a stream": sql("update stream set agency = 'H99' where stream = '{first}'"),
    "an event made up behind a stream, with hash, head, receipt and position": forging(None),
    "the same, with a made up binding": forging(BOUND),
    "a stream made up in a filing": a_stream_of_a_filing,
    "a filing made up, with the next number and another one's key": a_filing,
}


def page() -> dict[str, tuple[set[str], set[str]]]:
    """Returns the page's table: each attack, with the rules that the two verifiers report."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| ([^|]*) \| ([^|]*) \|$", text.partition("### What was done")[2], re.MULTILINE)
    return {what: (set(re.findall(r"`(\w+)`", one)), set(re.findall(r"`(\w+)`", two))) for what, one, two in rows}


async def broken_rules(dsn: str, place: Path, masters: MasterKeys) -> tuple[set[str], set[str]]:
    broken = await problems(dsn)
    async with connected(dsn) as connection:
        loose = await unbound(connection, Vault(masters))
        held = await verify(connection, SecondPlace.at(place.as_uri()), trust_in(LOG.verifier))
    named = {*(str(one.rule) for one in broken), *(one.row for one in loose)}
    return named, {str(one.rule) for one in held.findings}


async def test_the_table(world: World, tmp_path: Path) -> None:
    async with world.platform(), world.back_office():
        unpaid = (with_fee(payer_account=f"canary{NEVER_PAYS[-5:]}"), extract(payer_account=NEVER_PAYS))
        plays = [await Play.begin(world, submission) for submission in unpaid]
        async with world.connection() as connection:
            for n, play in enumerate(plays, start=1):  # one after the other: the second has the newest numbers of all
                await play.accept()
                ordered = "select count(*) from event where kind = 'payment_ordered'"
                await eventually(partial(connection.fetchval, ordered), partial(eq, n))
    record = Record(world, await asyncpg.connect(world.superuser_dsn), tmp_path / "second")
    await record.checkpoint()
    await record.connection.close()
    first, second = (f"filing:{play.filing}" for play in plays)
    named = {}
    for n, (what, attack) in enumerate(ATTACKS.items()):
        async with copied(world, f"{world.namespace}_{n}") as dsn:
            assert await broken_rules(dsn, record.folder, world.settings.master) == (set(), set())
            async with connected(dsn) as superuser:
                for table in TABLES:
                    await superuser.execute(f"alter table {table} disable trigger all")
                await attack(superuser, first, second)
            named[what] = await broken_rules(dsn, record.folder, world.settings.master)
    assert named == {what: page()[what] for what in ATTACKS}


# What is published and was changed so that the whole record verifies: the checkpoints at the second place show it.

FEE: Final = "publication:procedure:2.000635"
CALENDAR: Final = "select stream from event where kind = 'calendar_published' order by stream limit 1"
LEADER: Final = "select stream from event where kind = 'officer_entered' and agency = 'H01.12' order by stream limit 1"
_BODY: Final = "select convert_from(body, 'UTF8') from event where stream = $1 and seq = 1"


async def rewrite(superuser: Any, stream: str, before: str, after: str) -> None:
    """Changes the first event of a stream, and recomputes all that depends on it."""
    body = (await superuser.fetchval(_BODY, stream)).replace(before, after)
    await superuser.execute("update event set body = $2 where stream = $1 and seq = 1", stream, body.encode())
    await rehashed(superuser, stream)
    for command in await superuser.fetch("select distinct command_id from event where stream = $1", stream):
        await receipted(superuser, stream, command["command_id"])


async def receipted(superuser: Any, stream: str, command: str) -> None:
    """Recomputes the digest of a receipt, as docs/ledger.md defines it."""
    of = "where stream = $1 and command_id = $2"
    rows = await superuser.fetch(f"select body from event {of} order by seq", stream, command)  # noqa: S608 -- ours
    digest = hashlib.sha256(canonical([json.loads(row["body"]) for row in rows])).hexdigest()
    receipt = await superuser.fetchval(f"select body from receipt {of}", stream, command)  # noqa: S608 -- ours
    said = json.dumps(json.loads(receipt) | {"digest": digest}).encode()
    await superuser.execute(f"update receipt set digest = $3, body = $4 {of}", stream, command, digest, said)  # noqa: S608 -- ours


async def test_whoever_makes_all_anew_is_found_by_the_checkpoints(world: World, tmp_path: Path) -> None:
    await publish(world.owner_dsn, EXTRACT_FILE.read_bytes())
    async with world.connection() as superuser:
        calendar, leader = await superuser.fetchval(CALENDAR), await superuser.fetchval(LEADER)
        record = Record(world, superuser, tmp_path / "second")
        await superuser.fetchval("select position_appends(1000)")
        await record.checkpoint()
        for table in ("event", "stream", "receipt"):
            await superuser.execute(f"alter table {table} disable trigger all")
        await rewrite(superuser, FEE, "8000", "9000")
        await rewrite(superuser, calendar, "2026", "2025")
        await rewrite(superuser, leader, '"roles":["', '"roles":["auditor","')
        await resealed(superuser, Vault(world.settings.master), leader, "Trần Thị Khác")
        async with world.connection() as other:  # the tables made what the forged streams come to
            assert sum((await rebuild(other, Vault(world.settings.master))).values()) >= len((FEE, CALENDAR, LEADER))
        assert await problems(world.app_dsn) == []
        assert (await compare(superuser, Vault(world.settings.master))).differences == []
        found = await verify(superuser, SecondPlace.at(record.folder.as_uri()), trust_in(LOG.verifier))
    named = {(one.stream, one.seq) for one in found.findings if str(one.rule) == "event_differs"}
    assert {(FEE, 1), (calendar, 1), (leader, 1)} <= named


async def resealed(superuser: Any, vault: Vault, stream: str, name: str) -> None:
    """Replaces an officer's name, and the stream's key by a forger's own key, which seals the new name."""
    key, wrapped = await vault.new(key_of(stream))
    sealed = key.seal(canonical({"event": {"name": name}}), f"{stream}\n1")
    await superuser.execute(
        "update filing_key set (key_id, wrapped, wrapped_by) = ($2, $3, $4) where filing_id = $1",
        *(key_of(stream), key.key_id, wrapped.data, wrapped.by),
    )
    first = "update event set sealed = $2, key_id = $3 where stream = $1 and seq = 1"
    await superuser.execute(first, stream, sealed, key.key_id)
    await rewrite(superuser, stream, "", "")
