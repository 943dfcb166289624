"""Fixtures of the checkpoints' tests: a record with events, a second checkpoint store, and witnesses over HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import asyncpg
import httpx
import pytest
import uvicorn
from pyhanko.sign.timestamps import TimeStamper

from activities.checkpoints.log import Published
from activities.checkpoints.making import Setup, begin_anew, make
from activities.partners.witness import Witness
from operations.commands.ledger.witness import Memory, application
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Kind, Signer, Verifier
from rules.proof.policy import Group, Known, Policy
from rules.require import require
from tests.conftest import World, database_url
from verifier import ledger as ledger_verifier
from verifier import notes
from verifier.checkpoint import Trust
from verifier.ledger import NO_HASH, event_hash

NAME: Final = "motcua.example/record"
LOG: Final = Signer.of(NAME, Kind.LOG, bytes(range(32)))

_EVENT: Final = """
insert into event (stream, seq, event_id, filing_id, agency, kind, version, body, command_id, actor, via, occurred_at,
    recorded_at, prev_hash, hash)
select $1, n, gen_random_uuid(), $2, 'H01', 'noted', 1, '{}', 'c', '{}', 'test', now(), now(), $4,
    sha256(($1 || n)::bytea)
from unnest($3::int[]) as n
on conflict do nothing
"""
_LAST: Final = "update sequencer set last = (select coalesce(max(position), 0) from position)"


@dataclass
class Record:
    """A record with ordered events, and its checkpoints. `connection`: a superuser's, with triggers switched off."""

    world: World
    connection: asyncpg.Connection[Any]
    folder: Path
    witnesses: list[Witness] = field(default_factory=list)
    quorum: int = 0
    signer: Signer = LOG
    stamper: TimeStamper | None = None

    @property
    def place(self) -> SecondPlace:
        return SecondPlace.at(self.folder.as_uri())

    @property
    def policy(self) -> Policy:
        known = {f"w{n}": Known(one.key, one.url) for n, one in enumerate(self.witnesses)}
        groups = {"all": Group(self.quorum, tuple(known))}
        return Policy((), known, groups, "all") if self.quorum else Policy((), known)

    @property
    def written_policy(self) -> str:
        lines = [f"witness {name} {one.key} {one.url}" for name, one in self.policy.witnesses.items()]
        lines += [f"group {name} {one.needed} {' '.join(one.members)}" for name, one in self.policy.groups.items()]
        return "\n".join([f"log {self.signer.verifier}", *lines, f"quorum {self.policy.quorum}"])

    @property
    def trust(self) -> Trust:
        return trust_in(self.signer.verifier, self.written_policy)

    @property
    def setup(self) -> Setup:
        return Setup(self.place, self.signer, self.policy, tuple(self.witnesses), self.stamper)

    async def grow(self, events: int, streams: int = 3) -> None:
        """Appends this number of events, to each of the streams in turn, and gives each event a position."""
        before = await self.connection.fetchval("select coalesce(max(position), 0) from position")
        places = [(f"filing:{n % streams}", n // streams + 1) for n in range(before, before + events)]
        for stream in range(streams):
            name = f"filing:{stream}"
            seqs = [seq for of, seq in places if of == name]
            await self.connection.execute(_EVENT, name, uuid5(NAMESPACE_URL, name), seqs, bytes(32))
        await self.connection.executemany(
            "insert into position (position, stream, seq) values ($1, $2, $3)",
            [(before + n, *place) for n, place in enumerate(places, 1)],
        )
        await self.connection.execute(_LAST)

    async def checkpoint(self) -> Published:
        return require(await make(self.connection, self.setup))

    async def anew(self, reason: str) -> Published:
        return require(await begin_anew(self.connection, self.setup, reason))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def trust_in(log: Verifier, policy: str = "quorum none") -> Trust:
    return Trust(notes.Key.read(str(log), notes.LOG), notes.Policy(policy))


@pytest.fixture
async def record(world: World, tmp_path: Path) -> AsyncIterator[Record]:
    async with world.connection() as connection:
        for table in ("event", "position"):
            await connection.execute(f"alter table {table} disable trigger all")
        for table in ("event", "position", "unpositioned"):
            await connection.execute(f"delete from {table}")  # noqa: S608 -- the initial publications of every world
        await connection.execute(_LAST)
        yield Record(world, connection, tmp_path / "second")


@dataclass
class WitnessAt:
    folder: Path
    url: str
    key: Verifier
    client: httpx.AsyncClient

    @property
    def witness(self) -> Witness:
        return Witness(self.client, self.url, self.key)

    def of(self, origin: str) -> bytes | None:
        seen = self.folder / "seen" / sha256(origin.encode()).hexdigest()
        return seen.read_bytes() if seen.exists() else None


@asynccontextmanager
async def witness_at(folder: Path, *logs: Verifier, name: str = "witness.example/w1") -> AsyncIterator[WitnessAt]:
    memory = Memory(folder)
    signer = memory.signer(name)
    memory.know(logs)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application(memory, signer), log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                yield WitnessAt(folder, url, signer.verifier, client)
        finally:
            server.should_exit = True
            await serving
            memory.close()


@asynccontextmanager
async def copied(world: World, name: str) -> AsyncIterator[str]:
    async with world.connection(database_url(world.superuser_dsn, "postgres")) as maintenance:
        await maintenance.execute(f"create database {name} template {world.namespace}")
        try:
            yield database_url(world.superuser_dsn, name)
        finally:
            await maintenance.execute(f"drop database {name} with (force)")


async def rehashed(superuser: Any, stream: str) -> None:
    events = ledger_verifier.EVENTS.format(e="e.stream = $1", s="true", r="true", p="true")
    hash_ = NO_HASH
    for row in await superuser.fetch(events, stream):
        before = hash_
        hash_ = event_hash(dict(row) | {"prev_hash": before})
        hashed = "update event set prev_hash = $3, hash = $4 where stream = $1 and seq = $2"
        await superuser.execute(hashed, stream, row["seq"], before, hash_)
    last = "select max(seq) from event where stream = $1"
    await superuser.execute(f"update stream set head_hash = $2, head_seq = ({last}) where stream = $1", stream, hash_)  # noqa: S608 -- ours
