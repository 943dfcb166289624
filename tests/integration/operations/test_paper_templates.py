"""Templates of agencies: published, listed, shown, and chosen when a paper is printed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from activities.printing.chosen import template_of
from activities.printing.templates import standard, version_of
from operations.command import app
from publishing.authoring.paper_templates import Slot, UnknownPlaceError, publish_template
from schemas.papers.state import PaperKind
from tests.conftest import World
from tests.integration.operations.templates import OURS

OF_EXTRACTS = OURS.replace("Cảm ơn", "Xin cảm ơn")
EXTRACT = "2.000635"
AGENCY = "H01.12"


@pytest.fixture
def database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_OWNER_DATABASE_URL", world.owner_dsn)
    monkeypatch.setenv("COLUMNS", "200")


async def run(*arguments: str | Path) -> Result:
    return await asyncio.to_thread(
        CliRunner().invoke, app, ["papers", "templates", *map(str, arguments)], env={"LANG": "en"}
    )


async def test_the_newest_of_the_procedure_comes_before_that_of_all(world: World) -> None:
    here = (world.owner_dsn, OURS.encode())
    assert not (await publish_template(*here, Slot(AGENCY, PaperKind.RECEIPT))).already
    assert (await publish_template(*here, Slot(AGENCY, PaperKind.RECEIPT))).already
    await publish_template(world.owner_dsn, OF_EXTRACTS.encode(), Slot(AGENCY, PaperKind.RECEIPT, EXTRACT))

    connection = await asyncpg.connect(world.app_dsn)
    try:
        assert await template_of(connection, AGENCY, PaperKind.RECEIPT, EXTRACT) == OF_EXTRACTS
        assert await template_of(connection, AGENCY, PaperKind.RECEIPT, "1.004222") == OURS
        assert await template_of(connection, AGENCY, PaperKind.REFUSAL, EXTRACT) is None
        assert await template_of(connection, "H56.30", PaperKind.RECEIPT, EXTRACT) is None
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from paper_template")
    finally:
        await connection.close()


@pytest.mark.parametrize("slot", [Slot("H99.99", PaperKind.FEE), Slot(AGENCY, PaperKind.FEE, "9.999999")])
async def test_only_an_agency_and_a_procedure_that_there_are_have_one(world: World, slot: Slot) -> None:
    with pytest.raises(UnknownPlaceError):
        await publish_template(world.owner_dsn, OURS.encode(), slot)


@pytest.mark.usefixtures("database")
async def test_the_commands_show_check_publish_and_list(tmp_path: Path) -> None:
    ours, broken = tmp_path / "ours.typ", tmp_path / "broken.typ"
    ours.write_text(OURS, encoding="utf-8")
    broken.write_text(standard() + "#nothing", encoding="utf-8")

    assert (await run("show", "receipt")).output == standard()
    assert (await run("check", "receipt", ours)).exit_code == 0
    refused = await run("check", "receipt", broken, "--json")
    (found,) = json.loads(refused.output)
    assert (refused.exit_code, found["rule"], found["line"]) == (1, "template_broken", 11)
    unpublished = await run("publish", "receipt", broken, "--agency", AGENCY)
    assert (unpublished.exit_code, "broken.typ:11" in unpublished.output) == (1, True)
    assert (await run("publish", "receipt", ours, "--agency", "H99.99")).exit_code == 3
    assert (await run("show", "receipt", "--agency", AGENCY)).exit_code == 3

    published = await run("publish", "receipt", ours, "--agency", AGENCY)
    assert (published.exit_code, version_of(OURS) in published.output) == (0, True)
    assert (await run("show", "receipt", "--agency", AGENCY)).output == OURS
    (row,) = json.loads((await run("list", "--json")).output)
    assert (row["agency"], row["paper"], row["procedure"], row["in_force"]) == (AGENCY, "receipt", "*", True)
    assert version_of(OURS)[:12] in (await run("list")).output
