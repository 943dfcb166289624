"""Sets up a benchmark of the door: a stack with its issuer, a worker, and filings that officers have worked on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from temporalio.client import Client

from benchmarks.sides import AGENCY, Product, Timed, sides, submission
from benchmarks.stage import NOBODY, PROCESSES, fill, started
from console.processes import IDENTITY
from deploy.stack import Stack
from deploy.stack.keys import HERE
from deploy.stack.registering import let_speak, publisher
from motcua.connection import connect
from schemas.identity.statement import PrincipalKind
from workers.settings import Identity

APPLICANT: Final = "nguyen-van-an"
_AT_ONCE: Final = 8
_ENDLESS: Final = json.dumps({kind: {"rate": 1e9, "most": 1e9} for kind in PrincipalKind})
"""Budgets that no benchmark exceeds, since the cost of calls is measured, not their limit."""
_PARTS: Final = {"door": "door", "server": "temporal", "postgresql": "postgres"}


@dataclass(frozen=True)
class Standing:
    """A door that runs, with a client over HTTP and one over Temporal. `pids`: the processes, by name."""

    http: httpx.AsyncClient
    client: Client
    product: Product
    pids: Mapping[str, int]
    env: Mapping[str, str]

    @property
    def dsn(self) -> str:
        """The address of the record."""
        return self.env["MOTCUA_DATABASE_URL"]

    async def token(self, person: str, role: str | None = None, client: str = HERE) -> dict[str, str]:
        """Returns the headers of a person's requests."""
        form = {"person": person, "client": client} | ({"role": role} if role else {})
        answer = await self.http.post(f"{self.env['MOTCUA_ISSUER_URL']}/dev/token", data=form)
        return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}

    async def officer(self, role: str, agency: str = AGENCY) -> dict[str, str]:
        """Returns the headers of the first officer in this role of the agency."""
        return await self.token(f"{agency.lower()}-{role}-1", role)

    async def prepared(self, many: int) -> list[UUID]:
        """Files `many` filings of `APPLICANT`, each brought to its decision; returns their ids."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def one() -> UUID:
            async with room:
                filing = await self.product.submit(Timed(), APPLICANT)
                await self.product.prepare(filing, Timed())
                return filing

        return list(await asyncio.gather(*(one() for _ in range(many))))


def body(person: str) -> dict[str, Any]:
    """Returns a new submission of a person, as the body of a request."""
    return submission(person).model_dump(mode="json", exclude_none=True, exclude={"actor", "via"})


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    """Starts the stack, the worker and the clients. The end of the block removes all of it."""
    os.environ |= {IDENTITY: Identity.REQUIRED.value, "MOTCUA_BUDGETS": _ENDLESS}  # the parts inherit both
    parts = ("postgres", "temporal", "migrations", "trust", "issuer", "door")
    door = {"door": [sys.executable, "-m", "benchmarks.door.served"]}
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        async with Stack(Path(folder), parts=parts, commands=door) as stack:
            await fill(stack.env["MOTCUA_OWNER_DATABASE_URL"], publisher(stack.env))
            async with started(PROCESSES["product"], {**stack.env, **NOBODY}, Path(folder) / "worker.ready") as worker:
                await let_speak(stack.env)
                client = await connect(stack.env["TEMPORAL_ADDRESS"], namespace=stack.env["TEMPORAL_NAMESPACE"])
                pids = {"client": os.getpid(), "worker": worker.pid} | _parts(stack)
                async with (
                    sides(client, stack.env) as (product, _),
                    httpx.AsyncClient(base_url=stack.env["MOTCUA_DOOR_URL"], timeout=60) as http,
                ):
                    yield Standing(http, client, product, pids, stack.env)


def _parts(stack: Stack) -> dict[str, int]:
    return {name: stack.pid(part) or 0 for name, part in _PARTS.items()}
