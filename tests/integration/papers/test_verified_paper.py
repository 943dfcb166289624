"""`motcua result verify` of an official paper: which one it is, as far as its holder can read that anyway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asn1crypto import pem

from activities.results.sealing import AgencySeal
from schemas.papers.state import PaperKind
from tests.acting import AGENCY, Play, extract
from tests.conftest import World
from tests.integration.papers.relays import Desk, at_work, work
from tests.integration.signature import party as p
from tests.shell import Ended, Shell

OWN = "0109999998"


@pytest.fixture
def folder(party: p.Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", party.root.dump()))
    return tmp_path


@pytest.fixture
def visitor(world: World) -> Shell:
    """Whoever can ask the register, and has neither account nor key."""
    names = ("MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "TEMPORAL_ADDRESS")
    env = {"COLUMNS": "300", "NO_COLOR": "1", **dict.fromkeys(names, "")}
    return Shell(env | {"MOTCUA_DATABASE_URL": world.app_dsn})


async def received(world: World, desk: Desk, seal: AgencySeal | None = None) -> tuple[Play, bytes]:
    """A filing that was taken in, and its receipt."""
    async with at_work(world):
        play = await Play.begin(world, extract())
        await play.accept()
    await work(desk.relay(seal=None if seal is None else seal.put_on))
    [receipt] = [one for one in await desk.made(play) if one.paper is PaperKind.RECEIPT]
    return play, await desk.store.get(receipt.file)


async def verified(shell: Shell, file: Path, *words: str) -> Ended:
    return await shell("result", "verify", file, "--roots", "root.pem", *words)


async def test_a_sealed_receipt_is_told_to_be_one(
    world: World, pool: asyncpg.Pool[Any], party: p.Party, folder: Path, visitor: Shell
) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set seal = $2 where agency = $1", AGENCY, OWN)
    play, receipt = await received(world, Desk(world, pool), AgencySeal(pool, party.signer, party.lasting()))
    file = folder / "receipt.pdf"
    file.write_bytes(receipt)
    ended = await verified(visitor, file, "--json")
    assert ended.code == 0, ended.err
    said = ended.json
    assert (said["signatures"], said["in_force"], said["register"]) == ("valid", None, {"answer": "official_paper"})
    assert [(one["field"], one["tax_code"]) for one in said["signers"]] == [("seal", OWN)]
    paper = said["paper"]
    assert (paper["paper"], paper["code"], paper["agency"], paper["sealed"]) == ("receipt", play.code, AGENCY, True)
    assert set(paper) == {"paper", "code", "agency", "made_at", "template", "sealed"}
    told = await verified(visitor, file)
    assert str(play.code) in told.out
    assert str(play.filing) not in told.out
    file.write_bytes(receipt + b"%")
    altered = await verified(visitor, file, "--json")
    assert (altered.code, altered.json["register"]) == (1, {"answer": "not_registered"})


async def test_a_paper_that_was_not_sealed_is_what_the_record_says(
    world: World, pool: asyncpg.Pool[Any], folder: Path, visitor: Shell
) -> None:
    _, receipt = await received(world, Desk(world, pool))
    file = folder / "receipt.pdf"
    file.write_bytes(receipt)
    ended = await verified(visitor, file, "--json")
    assert (ended.code, ended.json["paper"]["sealed"]) == (0, False)
    offline = await verified(visitor, file, "--json", "--offline")
    assert (offline.code, offline.json["register"], "paper" in offline.json) == (1, {"answer": "unknown"}, False)
    other = folder / "other.pdf"
    other.write_bytes(p.printed())
    assert (await verified(visitor, other, "--json")).json["register"] == {"answer": "not_registered"}
