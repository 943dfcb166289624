"""Who decides a procedure: what is handed in elsewhere is refused, with those who do, the nearest first."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from activities.intake import OpenRequest, Registry
from motcua import BadSubmission
from publishing.authoring.procedures import publish, seed_directory
from schemas.errors import Problem
from schemas.ids import filing_workflow
from tests.acting import AGENCY, BIRTH, Play, birth
from tests.conftest import ROOT, World
from workers.wiring import open_pool

HERE: Final = "H56.30"
AGENCIES: Final = {
    "H01.12": ("commune", None),
    "H56.04": ("land_office", None),
    "H56.31": ("commune", None),
    "G12.56": ("tax", "H56"),  # of a ministry, in the province
}
VI, EN = ("Ủy ban nhân dân cấp xã", "commune people's committee")


async def decided_by(world: World, *kinds: str, here: str | None) -> str:
    """Publish a version that these kinds decide, and a directory in which the agency is of this kind; its name."""
    source = yaml.safe_load((ROOT / "procedures" / f"{BIRTH}@2026-12.yaml").read_bytes())
    changed = source | {"version": "2026-12", "decided_by": {"kinds": list(kinds), "source": "Luật Hộ tịch Đ7"}}
    said = AGENCIES | ({} if here is None else {HERE: (here, None)})
    entries: list[dict[str, Any]] = [
        {"agency": code, "name": {"vi": f"cơ quan {code}", "en": f"agency {code}"}, "kind": kind}
        | ({"province": province} if province else {})
        for code, (kind, province) in said.items()
    ]
    async with world.connection() as connection:
        await connection.execute("update agency set kind = null")
    await seed_directory(world.owner_dsn, yaml.safe_dump({"agencies": entries}).encode(), world.publisher)
    return (await publish(world.owner_dsn, yaml.safe_dump(changed, allow_unicode=True).encode())).version


async def refused(world: World, version: str) -> Problem:
    with pytest.raises(BadSubmission) as error:
        await Play.begin(world, birth(version=version))
    [problem] = error.value.refusal.problems
    return problem


async def test_who_does_not_decide_names_who_does_the_nearest_first(world: World) -> None:
    version = await decided_by(world, "commune", here="land_office")
    async with world.platform():
        problem = await refused(world, version)
    assert (problem.field, problem.rule) == ("agency", "not_competent")
    vi, en = problem.message.vi, problem.message.en
    assert vi == f"thủ tục này do {VI} giải quyết; hãy nộp tại: H56.31 (cơ quan H56.31), H01.12 (cơ quan H01.12)"
    assert en == f"this procedure is decided by: {EN}; file with: H56.31 (agency H56.31), H01.12 (agency H01.12)"
    async with world.connection() as connection:
        assert await connection.fetchval("select count(*) from event where filing_id is not null") == 0


async def test_what_else_is_wrong_is_said_with_it(world: World) -> None:
    version = await decided_by(world, "commune", here="land_office")
    async with world.platform():
        with pytest.raises(BadSubmission) as error:
            await Play.begin(world, birth(version=version, papers=[]))
    assert [problem.rule for problem in error.value.refusal.problems] == ["not_competent", "paper_required"]


async def test_an_agency_of_a_ministry_is_near_in_the_province_where_it_sits(world: World) -> None:
    version = await decided_by(world, "tax", "commune", here="land_office")
    async with world.platform():
        problem = await refused(world, version)
    assert "G12.56 (agency G12.56), H56.31 (agency H56.31), H01.12" in problem.message.en


async def test_where_nobody_decides_it_that_is_said(world: World) -> None:
    version = await decided_by(world, "province_police", here="commune")
    async with world.platform():
        problem = await refused(world, version)
    assert problem.message.vi == "thủ tục này do Công an cấp tỉnh giải quyết; danh bạ chưa có cơ quan nào như thế"
    assert problem.message.en == "this procedure is decided by: province police; the directory has none"


@pytest.mark.parametrize("here", ["commune", None], ids=["of the kind", "of no kind that the directory tells"])
async def test_who_decides_it_takes_it_and_keeps_it_whatever_it_becomes(world: World, here: str | None) -> None:
    version = await decided_by(world, "commune", "land_office", here=here)
    async with world.platform():
        play = await Play.begin(world, birth(version=version))
    async with world.connection() as connection:
        await connection.execute("update agency set kind = 'tax' where agency = $1", HERE)
    stream = filing_workflow(play.filing)
    async with open_pool(world.settings) as pool:
        begun = await Registry(pool).open(OpenRequest(stream=stream, code=BIRTH, version=version, agency=AGENCY))
    assert begun.elsewhere is None
