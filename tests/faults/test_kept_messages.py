"""Filings through the door while Temporal is away and doors are killed: each is recorded once, with its own time."""

import asyncio
import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.acting import birth, eventually, plain
from tests.conftest import World, own_stack
from tests.doors import register_door
from tests.faults.doors import PERSON, PORTAL, door
from tests.faults.processes import worker_process
from tests.sandboxes import Server
from workers.settings import Identity

FILINGS: Final = 50


def submission() -> dict[str, Any]:
    said = plain(birth(client_id=PORTAL, submission_id=str(uuid4())))
    said["applicant"] |= {"subject": PERSON}
    return {name: value for name, value in said.items() if name not in {"actor", "via"}}


async def file(caller: httpx.AsyncClient, bodies: list[dict[str, Any]]) -> list[httpx.Response | BaseException]:
    return await asyncio.gather(*(caller.post("/v1/filings", json=one) for one in bodies), return_exceptions=True)


async def rows(world: World) -> list[Any]:
    return await world.fetch("select stream, received_at, done_at from received order by stream")


async def test_fifty_filings_of_an_outage_are_one_each_with_their_moments_though_two_doors_die(tmp_path: Path) -> None:
    """The first door dies after a row is stored, before any answer; the second with receipts that it has not stored."""
    bodies = [submission() for _ in range(FILINGS)]
    async with own_stack() as (stack, plain_world):
        world = replace(plain_world, identity=Identity.REQUIRED)
        await register_door(world)
        temporal = stack.pid("temporal")
        assert temporal is not None
        with Server("issuer", tmp_path / "issuer", "--client", PORTAL) as issuer:
            async with worker_process(world.process_env, tmp_path / "worker"):
                os.kill(temporal, signal.SIGSTOP)
                try:
                    async with door(world, tmp_path / "one", issuer.url) as (process, caller):
                        process.arm("received.kept")
                        answers = await file(caller, bodies)
                        await process.died()
                    assert all(isinstance(one, httpx.TransportError) for one in answers)
                    first = await rows(world)
                    assert len(first) > 0
                    async with door(world, tmp_path / "two", issuer.url) as (process, caller):
                        kept = [one for one in await file(caller, bodies) if isinstance(one, httpx.Response)]
                        assert Counter(one.status_code for one in kept) == {202: FILINGS}
                        process.arm("received.delivered")
                        os.kill(temporal, signal.SIGCONT)
                        await process.died()
                finally:
                    os.kill(temporal, signal.SIGCONT)
                stored = await rows(world)
                assert [one["done_at"] for one in stored] == [None] * FILINGS
                assert {tuple(one) for one in first} <= {tuple(one) for one in stored}
                async with door(world, tmp_path / "three", issuer.url) as (_, caller):
                    await eventually(lambda: rows(world), lambda now: all(one["done_at"] for one in now), 120)
                    told = [(await caller.get(one.headers["location"])).json() for one in kept]
        assert all("receipt" in one for one in told), told
        filed = await world.fetch("select stream, occurred_at from event where kind = 'submitted' order by stream")
    assert [tuple(one) for one in filed] == [(one["stream"], one["received_at"]) for one in stored]
