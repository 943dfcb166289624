"""Erasures in tests: filings that can be erased, the request and approval, the run, and the check of all other data."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import asyncpg
from obstore.store import from_url

from activities.checkpoints.log import Place
from activities.ledger.vault import Vault
from operations.erasure import requests
from operations.erasure.retention import whole
from operations.erasure.working import Outside, Worked, work_off
from operations.evidence.bindings import unbound
from operations.rebuilding import rebuild
from recovery.restart import Restarter
from rules.require import require
from rules.streams import KINDS
from schemas.filing.state import Stage
from schemas.people import Actor, Role
from schemas.privacy import ApproveErasure, AskErasure, ErasureCause, ErasureRequest
from tests.acting import EXTRACT, Play, eventually, publish_short
from tests.conftest import World
from tests.forked import forked
from tests.histories import REASON, with_fee
from verifier import ledger as ledger_verifier
from views.log import Log

ASKS: Final = "operator:h01.12-operator-1@H01.12"
AUDITS: Final = "auditor:h01.12-auditor-1@H01.12"
OPERATOR: Final = Actor(subject="h01.12-operator-1", role=Role.OPERATOR, agency="H01.12")
AUDITOR: Final = Actor(subject="h56.30-auditor-1", role=Role.AUDITOR, agency="H56.30")


async def request_erasure(world: World, *which: str, actor: Actor = OPERATOR, cause: str = "filing") -> ErasureRequest:
    command = AskErasure(
        command_id=uuid4().hex, actor=actor, cause=ErasureCause(cause), reason="on request", filings=which
    )
    async with world.connection(world.owner_dsn) as connection:
        return (await requests.ask(Log(connection, Vault(world.settings.master).find, KINDS), command)).request


async def approved(world: World, n: int, actor: Actor = AUDITOR) -> ErasureRequest:
    async with world.connection(world.owner_dsn) as connection:
        return await requests.answer(connection, ApproveErasure(command_id=uuid4().hex, actor=actor, asked=n))


async def worked(world: World, elsewhere: Place | None = None) -> Worked:
    outside = Outside(from_url(world.objects), world.temporal, elsewhere)
    return await work_off(world.owner_dsn, world.settings.master, outside, lambda *_: None)


async def code_of(world: World, play: Play) -> str:
    return str(await world.fetchval("select code from filing where filing_id = $1", play.filing))


async def let_it_pass(world: World, *plays: Play) -> None:
    """Ends the three days' watch for late money, and deletes the pending papers; changes tables, adds no events."""
    filings = [play.filing for play in plays]
    await world.execute("update standing set watched_until = now() where filing_id = any($1)", filings)
    await world.execute("delete from outbox where filing_id = any($1)", filings)


async def ended(world: World) -> Play:
    """Returns a paid and delivered filing, restarted once, whose time for a complaint (one second) is over."""
    play = await Play.accepted(world, with_fee(version=await publish_short(world, EXTRACT, appeal=1)))
    async with asyncpg.create_pool(world.owner_dsn, min_size=1, max_size=1) as pool:
        await Restarter(pool, world.temporal).restart(f"filing:{play.filing}", force=True)
    await play.review(reason=REASON)
    await play.at(Stage.CLOSED)
    await eventually(lambda: still_open(world, play), lambda streams: not streams)
    await eventually(lambda: complaint_until(world, play), lambda until: until < datetime.now(UTC))
    return play


async def complaint_until(world: World, play: Play) -> datetime:
    async with world.connection() as connection:
        log = Log(connection, Vault(world.settings.master).find, KINDS)
        return require((await whole(log, play.filing)).complain_until)


async def still_open(world: World, play: Play) -> list[str]:
    rows = await world.fetch("select stream from standing where open and filing_id = $1", play.filing)
    return [row["stream"] for row in rows]


async def sound(world: World) -> None:
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    async with world.connection() as connection:
        assert await unbound(connection, Vault(world.settings.master)) == []
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}


async def listed(world: World, workflow: str) -> list[str]:
    return [found.id async for found in world.temporal.list_workflows(f"WorkflowId = '{workflow}'")]


async def finished(env: Mapping[str, str]) -> int:
    null = asyncio.subprocess.DEVNULL
    process = forked("motcua.command", "erasures", "finish", "--json", env=env, stdout=null, stderr=null)
    return await asyncio.wait_for(process.wait(), 100)
