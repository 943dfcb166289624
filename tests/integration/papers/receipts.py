"""Receipts for money paid at the counter, from the agency's own series or from a service."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from activities.partners.http import partner_client
from activities.partners.receipts import ReceiptService
from operations.rebuilding import rebuild
from schemas.filing import commands as cm
from schemas.filing.submission import Submission
from schemas.papers.state import PaperKind
from schemas.people import Role
from tests.acting import FILE, Play, birth
from tests.conftest import World
from tests.sandboxes import Server
from verifier.ledger import verify

LAND: Final = "H01.40"
PHI, LE_PHI = 115_000, 30_000
SECRET: Final = "sandbox-secret"
CASHIER: Final = f"cashier:{LAND.lower()}-cashier-1@{LAND}"
LEADER: Final = f"leader:{LAND.lower()}-leader-1@{LAND}"
KINDS_OF_PAPER: Final = {PaperKind.CHARGE_RECEIPT, PaperKind.FEE_RECEIPT}


def land() -> Submission:
    """Returns a submission whose fee is partly phí and partly lệ phí, paid at the counter."""
    form = {"plot": "thửa 31", "holds": "both", "lost_on": "2026-11-02"}
    papers = [{"code": code, "file": FILE} for code in ("application", "posting")]
    return birth(procedure="1.012786", agency=LAND, form=form, papers=papers, result_channel="counter")


async def paid(world: World, means: str = "cash") -> Play:
    play = await Play.accepted(world, land())
    reference = None if means == "cash" else f"FT{play.filing.hex}"
    await play.act(cm.PayAtCounter, play.officer(Role.CASHIER), amount=PHI + LE_PHI, means=means, reference=reference)
    return play


async def issued(world: World) -> list[dict[str, Any]]:
    rows = await world.fetch("select body from event where kind = 'receipt_issued' order by stream, seq")
    return [json.loads(row["body"]) for row in rows]


async def sound(world: World) -> None:
    """Asserts that the log verifies, with all its numbers, and that a rebuild of the read models changes nothing."""
    assert (await verify(world.superuser_dsn)).problems == []
    report = await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)
    assert not any(report.changed.values()), report.changed
    assert report.rows["money_receipt"] == len(await issued(world))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Server]:
    with Server("receipts", tmp_path, "--secret", SECRET) as server:
        yield server


@pytest.fixture
async def outside(service: Server) -> AsyncIterator[ReceiptService]:
    async with partner_client(service.url) as client:
        yield ReceiptService(client, SECRET)


async def by_service(world: World, agency: str = LAND) -> None:
    given = json.dumps({"issuer": "service"})
    await world.execute("update agency set receipts = $2 where agency = $1", agency, given)


async def outage(server: Server, fault: str) -> None:
    async with httpx.AsyncClient() as client:
        (await client.put(f"{server.url}/outage", json={"fault": fault})).raise_for_status()


async def given(server: Server) -> list[Mapping[str, Any]]:
    async with httpx.AsyncClient() as client:
        found: list[Mapping[str, Any]] = (await client.get(f"{server.url}/ledger")).json()["receipts"]
    return found
