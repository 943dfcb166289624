"""What is published and was changed so that the whole record verifies: the checkpoints at the second place show it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import asyncpg

from activities.ledger.vault import Vault
from publishing.authoring.procedures import publish
from publishing.record.folding import compare, rebuild
from publishing.record.keys import key_of
from recovery.checkpoint_store import SecondPlace
from schemas.ids import canonical
from tests.conftest import World
from tests.integration.proof.conftest import LOG, Record, rehashed, trust_in
from tests.provinces import EXTRACT_FILE
from verifier import ledger as ledger_verifier
from verifier.checkpoint import verify

FEE: Final = "publication:procedure:2.000635"
CALENDAR: Final = "select stream from event where kind = 'calendar_published' order by stream limit 1"
LEADER: Final = "select stream from event where kind = 'officer_entered' and agency = 'H01.12' order by stream limit 1"
_BODY: Final = "select convert_from(body, 'UTF8') from event where stream = $1 and seq = 1"


async def rewrite(superuser: Any, stream: str, before: str, after: str) -> None:
    """The first event of a stream says something else, and all that follows from it is made anew."""
    body = (await superuser.fetchval(_BODY, stream)).replace(before, after)
    await superuser.execute("update event set body = $2 where stream = $1 and seq = 1", stream, body.encode())
    await rehashed(superuser, stream)
    for command in await superuser.fetch("select distinct command_id from event where stream = $1", stream):
        await receipted(superuser, stream, command["command_id"])


async def receipted(superuser: Any, stream: str, command: str) -> None:
    """The digest of a receipt made anew, as docs/ledger.md says what it is of."""
    rows = await superuser.fetch(
        "select body from event where stream = $1 and command_id = $2 order by seq", stream, command
    )
    digest = hashlib.sha256(canonical([json.loads(row["body"]) for row in rows])).hexdigest()
    receipt = await superuser.fetchval(
        "select body from receipt where stream = $1 and command_id = $2", stream, command
    )
    said = json.dumps(json.loads(receipt) | {"digest": digest}).encode()
    await superuser.execute(
        "update receipt set digest = $3, body = $4 where stream = $1 and command_id = $2", stream, command, digest, said
    )


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
        await as_the_streams_say(world)

        assert (await ledger_verifier.verify(world.app_dsn)).problems == []
        assert (await compare(superuser, Vault(world.settings.master))).differences == []
        found = await verify(superuser, SecondPlace.at(record.folder.as_uri()), trust_in(LOG.verifier))
    named = {(one.stream, one.seq) for one in found.findings if str(one.rule) == "event_differs"}
    assert {(FEE, 1), (calendar, 1), (leader, 1)} <= named


async def resealed(superuser: Any, vault: Vault, stream: str, name: str) -> None:
    """Another name of an officer, sealed under a key of the forger's own in the place of the stream's."""
    key, wrapped = await vault.new(key_of(stream))
    sealed = key.seal(canonical({"event": {"name": name}}), f"{stream}\n1")
    await superuser.execute(
        "update filing_key set (key_id, wrapped, wrapped_by) = ($2, $3, $4) where filing_id = $1",
        *(key_of(stream), key.key_id, wrapped.data, wrapped.by),
    )
    await superuser.execute(
        "update event set sealed = $2, key_id = $3 where stream = $1 and seq = 1", stream, sealed, key.key_id
    )
    await rewrite(superuser, stream, "", "")


async def as_the_streams_say(world: World) -> None:
    """The tables made what the forged streams come to."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(world.superuser_dsn)
    try:
        assert sum((await rebuild(connection, Vault(world.settings.master))).values()) >= len((FEE, CALENDAR, LEADER))
    finally:
        await connection.close()
